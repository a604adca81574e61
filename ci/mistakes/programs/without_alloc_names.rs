// features: registry, shared
use waker_tables::VTableRegistry; //~ E0432
use waker_tables::spawn_with; //~ E0432

fn start(_: &VTableRegistry) {
    let _ = spawn_with(async {}, (), |(), _| ());
}
