//! Makes a sequence that breaks a law as short as it goes.

use super::step::Step;

/// Leaves out whatever can be left out while `fails` stays true.
pub(super) fn shorten(mut steps: Vec<Step>, mut fails: impl FnMut(&[Step]) -> bool) -> Vec<Step> {
    let mut place = 0;
    while place < steps.len() {
        let mut fewer = steps.clone();
        fewer.remove(place);
        if fails(&fewer) {
            // What could not be left out before may be now.
            (steps, place) = (fewer, 0);
        } else {
            place += 1;
        }
    }
    steps
}
