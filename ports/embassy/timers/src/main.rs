//! embassy-time's timers in tasks of the executor: tickers, a timeout, and a timer that is given up. Prints what has come when.

use std::process::exit;
use std::sync::Mutex;

use embassy_executor::{Spawner, task};
use embassy_time::{Duration, Instant, Ticker, Timer, with_timeout};

static SEEN: Mutex<Vec<(u64, &str)>> = Mutex::new(Vec::new());

fn note(start: Instant, what: &'static str) {
    SEEN.lock().unwrap().push((start.elapsed().as_millis() / 20 * 20, what));
}

#[task(pool_size = 2)]
async fn ticks(start: Instant, every: u64, name: &'static str) {
    let mut ticker = Ticker::every(Duration::from_millis(every));
    for _ in 0..3 {
        ticker.next().await;
        note(start, name);
    }
}

#[task]
async fn gives_up(start: Instant) {
    assert!(with_timeout(Duration::from_millis(60), Timer::after_millis(5000)).await.is_err());
    note(start, "gave up");
}

#[task]
async fn ends(spawner: Spawner, start: Instant) {
    spawner.spawn(gives_up(start).unwrap());
    spawner.spawn(ticks(start, 40, "short").unwrap());
    spawner.spawn(ticks(start, 100, "long").unwrap());
    assert!(ticks(start, 1, "no room").is_err());
    Timer::after_millis(340).await;
    // The places are free again, and their timers gone.
    spawner.spawn(ticks(start, 20, "again").unwrap());
    Timer::after_millis(100).await;
    let mut names = SEEN.lock().unwrap().iter().map(|(_, name)| *name).collect::<Vec<_>>();
    println!("{:?}", SEEN.lock().unwrap());
    names.sort_unstable();
    let expected = ["again", "again", "again", "gave up", "long", "long", "long", "short", "short", "short"];
    exit(i32::from(names != expected));
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    spawner.spawn(ends(spawner, Instant::now()).unwrap());
}
