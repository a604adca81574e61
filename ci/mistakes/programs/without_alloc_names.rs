// features: registry, shared
use waker_tables::VTableRegistry; //~ E0432
use waker_tables::spawn_detached; //~ E0432

fn start(_: &VTableRegistry) {
    let _ = spawn_detached(async {}, ());
}
