//! Registers as many keys as its argument says, three versions a family, and then asks for 4 096 of them: every second
//! one is there. A profiler counts what `ask` does.

use std::hint::black_box;
use std::task::Poll;

use waker_tables::{KeyRef, VTableKey, VTableRegistry, WakeableTask};

struct Nothing;

impl WakeableTask for Nothing {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

static REGISTRY: VTableRegistry = VTableRegistry::new();

#[unsafe(no_mangle)]
#[inline(never)]
fn ask_all(keys: &[String]) -> usize {
    let parsed = keys.iter().map(|key| KeyRef::parse(key).expect("a key"));
    parsed.filter(|key| black_box(REGISTRY.get_ref(*key)).is_some()).count()
}

fn main() {
    let count: usize = std::env::args().nth(1).and_then(|count| count.parse().ok()).expect("a number of keys");
    let version = |number: usize| u16::try_from(number % 3).expect("small");
    for number in 0..count {
        let kind = format!("kind{:06}", number / 3).leak();
        REGISTRY.register_task::<Nothing>(VTableKey::new("segment", kind, version(number)));
    }
    let asked: Vec<String> = (0..4096)
        .map(|ask| (ask * 2_654_435_761_usize) % count)
        .enumerate()
        .map(|(ask, number)| {
            let miss = if ask % 2 == 0 { "" } else { "x" };
            format!("segment/kind{:06}{miss}@v{}", number / 3, version(number))
        })
        .collect();
    assert_eq!(ask_all(&asked), 2048);
}
