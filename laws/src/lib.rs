#![forbid(unsafe_code)]
#![deny(missing_docs, unnameable_types, unreachable_pub)]
//! The rules of wakers and of executors, as laws with numbers.
//!
//! Whoever writes a `RawWakerVTable` or an executor has rules to keep that stand in prose: in the standard library's
//! docs, and in the bug reports of those who broke them. Here each is a law: a number, a sentence, where the rule comes
//! from, and a check. A law that is broken prints the shortest sequence of operations that shows it.
//!
//! - [`waker`]: sixteen laws of wakers, tried on every short sequence of operations and on long random ones.
//! - [`executor`]: twenty-five laws of executors, tried on futures that the kit makes.
//!
//! ```
//! use std::sync::Arc;
//! use std::task::{Wake, Waker};
//! use waker_laws::waker::{WakerSubject, judge};
//! use waker_laws::{Plan, Probe};
//!
//! struct Job(Probe);
//!
//! impl Wake for Job {
//!     fn wake(self: Arc<Self>) {
//!         self.wake_by_ref();
//!     }
//!
//!     fn wake_by_ref(self: &Arc<Self>) {
//!         self.0.woken();
//!     }
//! }
//!
//! struct Jobs;
//!
//! impl WakerSubject for Jobs {
//!     type Target = Arc<Job>;
//!
//!     fn target(&self, probe: Probe) -> Arc<Job> {
//!         Arc::new(Job(probe))
//!     }
//!
//!     fn waker(&self, target: &Arc<Job>) -> Waker {
//!         target.clone().into()
//!     }
//! }
//!
//! judge(Jobs, &Plan::default()).assert();
//! ```
//!
//! # What it needs
//!
//! The standard library. No `unsafe`, no sleeps; threads that a check starts are joined where it ends well, and every
//! wait is bounded by [`Plan::limit`]. The same [`Plan`] tries the same sequences, and a failure names it; only what the
//! subject's own threads do may differ. Under Miri the default plan is a shorter one. A check whose subject hangs is
//! told with what it was trying, and leaves the subject's thread behind, since nothing can end it.
//!
//! # What it cannot see
//!
//! Undefined behaviour that goes well: run it under Miri or a sanitizer. A subject that ends the process ends the
//! tests; each law's thread has its number as a name, and it can be judged alone, in a process of its own.

pub mod executor;
mod law;
mod limit;
mod plan;
mod probe;
mod random;
mod report;
mod tried;
pub mod waker;

pub use law::{Broken, Law, Verdict};
pub use plan::Plan;
pub use probe::Probe;
pub use report::Report;
