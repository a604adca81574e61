//! E5, pollster 1.0.3: the first pending poll is followed by a second one without a wake.
fn main() {
    let mut polls = 0;
    pollster::block_on(std::future::poll_fn(|_| {
        polls += 1;
        if polls == 2 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending } // nobody wakes it
    }));
    println!("{polls} polls, no wake");
}
