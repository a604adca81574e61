//! What a subscriber of `tracing` hears of a task: its span, and what is done with its wakers. Nothing, and no code, without
//! that feature.

pub(super) use seen::{Label, Trace};

/// What is done with a waker, or with another handle that can wake; and what comes to the number of them.
#[cfg_attr(not(feature = "tracing"), allow(dead_code, reason = "nobody hears of it"))]
pub(super) struct Op(&'static str, usize);

pub(super) const CLONE: Op = Op("waker.clone", 1);
pub(super) const WAKE: Op = Op("waker.wake", usize::MAX);
pub(super) const WAKE_BY_REF: Op = Op("waker.wake_by_ref", 0);
pub(super) const DROP: Op = Op("waker.drop", usize::MAX);

#[cfg(not(feature = "tracing"))]
#[allow(clippy::unused_self, reason = "as with the feature")]
mod seen {
    use super::Op;

    pub(in crate::shared) struct Label;

    impl Label {
        pub(in crate::shared) const fn here() -> Self {
            Self
        }

        pub(in crate::shared) fn set_name(&mut self, _name: &'static str) {}
    }

    pub(in crate::shared) struct Trace;

    impl Trace {
        pub(in crate::shared) const fn new(_place: bool) -> Self {
            Self
        }

        pub(in crate::shared) unsafe fn open<F>(&self, _label: Label, _kind: &'static str) {}

        #[inline]
        pub(in crate::shared) unsafe fn in_span<T>(&self, poll: impl FnOnce() -> T) -> T {
            poll()
        }

        pub(in crate::shared) unsafe fn end_after(&self, last: impl FnOnce()) {
            last();
        }

        pub(in crate::shared) const fn is_open(&self) -> bool {
            false
        }

        pub(in crate::shared) fn tell(&self, _op: Op) {}
    }
}

#[cfg(feature = "tracing")]
mod seen {
    use core::any::type_name;
    use core::cell::UnsafeCell;
    use core::mem::MaybeUninit;
    use core::panic::{Location, RefUnwindSafe, UnwindSafe};
    use core::sync::atomic::AtomicUsize as Number; // not loom's, which no static can hold

    use tracing::level_filters::LevelFilter;
    use tracing::{Event, Level, Span, trace_span};
    use tracing_core::callsite::DefaultCallsite;
    use tracing_core::field::Value;
    use tracing_core::{Kind, Metadata, metadata};

    use super::{CLONE, Op};
    use crate::sync::{AtomicUsize, Ordering, const_fn};

    /// The task's own share in its span, from `open` to `end`.
    const OPEN: usize = 1;
    /// The task is in a static: others stood here before, whose wakers stay, and count always.
    const PLACE: usize = 1 << 1;
    /// The share of one who tells something.
    const TELLER: usize = 1 << 2;
    /// A waker that counts. (Where there are more than numbers, they begin again at zero, and what is told is wrong.)
    const WAKER: usize = 1 << (usize::BITS / 2);
    const SHARES: usize = (WAKER - 1) & !PLACE;

    /// The numbers of tasks, for people.
    static NUMBER: Number = Number::new(1);

    /// What is said of a task before it is spawned.
    pub(in crate::shared) struct Label {
        name: Option<&'static str>,
        place: &'static Location<'static>,
        /// The runtime's own.
        pub(in crate::shared) span: Option<Span>,
    }

    impl Label {
        #[track_caller]
        pub(in crate::shared) const fn here() -> Self {
            Self { name: None, place: Location::caller(), span: None }
        }

        pub(in crate::shared) fn set_name(&mut self, name: &'static str) {
            self.name = Some(name);
        }
    }

    /// What stands in a task for its subscriber.
    ///
    /// The subscriber is other code. It runs where no count and no state is half changed, and nobody waits for it: who tells it
    /// something has a share in the span meanwhile, and who gives up the last one ends it. So nothing is told after the end.
    ///
    /// # Invariants
    ///
    /// 1. While `word` has a share, `span` is a span, which nobody changes. Who gives up a share has copied it before.
    /// 2. Who makes a task here writes `label`, since there is no handle yet, and `span`, if there is no share.
    pub(in crate::shared) struct Trace {
        word: AtomicUsize,
        label: UnsafeCell<MaybeUninit<(Option<&'static str>, &'static Location<'static>)>>,
        span: UnsafeCell<MaybeUninit<Span>>,
    }

    // A subscriber that unwinds leaves nothing half done here; and what a handle is without this feature, it is with it.
    impl UnwindSafe for Label {}
    impl RefUnwindSafe for Label {}
    impl RefUnwindSafe for Trace {}

    /// A share in a span, which ends with this.
    struct Share<'a>(&'a Trace, usize);

    impl Drop for Share<'_> {
        fn drop(&mut self) {
            let Self(Trace { word, span, .. }, share) = *self;
            // SAFETY: nobody changes it (invariant 1).
            let mut span = unsafe { span.get().read() };
            if word.fetch_sub(share, Ordering::AcqRel) & SHARES == share {
                // SAFETY: there was a span, and with the last share no other copy is used again (invariant 1).
                unsafe { span.assume_init_drop() }
            }
        }
    }

    impl Trace {
        const_fn! {
            pub(in crate::shared) fn new(place: bool) -> Self {
                let (label, span) = (MaybeUninit::uninit(), MaybeUninit::uninit());
                let word = AtomicUsize::new(if place { PLACE } else { 0 });
                Self { word, label: UnsafeCell::new(label), span: UnsafeCell::new(span) }
            }
        }

        /// Begins the span of a new task, unless something is still being told of the one before, which stood here.
        ///
        /// # Safety
        ///
        /// The caller makes a task here, of which there is no handle yet.
        #[inline]
        pub(in crate::shared) unsafe fn open<F>(&self, label: Label, kind: &'static str) {
            // SAFETY: there is no handle (invariant 2).
            unsafe { self.label.get().write(MaybeUninit::new((label.name, label.place))) };
            if label.span.is_some() || LevelFilter::current() == LevelFilter::TRACE {
                self.begin(label, kind, type_name::<F>(), size_of::<F>());
            }
        }

        /// [`open`](Self::open), where somebody listens.
        #[cold]
        fn begin(&self, Label { name, place, span }: Label, kind: &'static str, future: &'static str, size: usize) {
            if self.word.load(Ordering::Acquire) & SHARES != 0 {
                return;
            }
            let span = span.unwrap_or_else(|| {
                trace_span!(
                    target: "waker_tables::task",
                    parent: None, // The console takes a poll for one of the innermost task.
                    "runtime.spawn",
                    kind,
                    task.name = name.unwrap_or(future),
                    task.id = NUMBER.fetch_add(1, Ordering::Relaxed),
                    size.bytes = size,
                    loc.file = place.file(), loc.line = place.line(), loc.col = place.column(),
                )
            });
            if !span.is_disabled() {
                // SAFETY: there is no share (invariant 2).
                unsafe { self.span.get().write(MaybeUninit::new(span)) };
                let before = self.word.fetch_or(OPEN, Ordering::AcqRel);
                // From now on they wake this task.
                (0..before / WAKER).for_each(|_| self.tell(Op(CLONE.0, 0)));
            }
        }

        /// Whether there is a span that has not ended.
        #[inline]
        pub(in crate::shared) fn is_open(&self) -> bool {
            self.word.load(Ordering::Relaxed) & OPEN != 0
        }

        /// Polls in the span.
        ///
        /// # Safety
        ///
        /// It [is open](Self::is_open), and the caller has the right to the task's body.
        pub(in crate::shared) unsafe fn in_span<T>(&self, poll: impl FnOnce() -> T) -> T {
            // SAFETY: the task's own share is there until the body is gone.
            let entered = unsafe { self.span() }.enter();
            let polled = poll();
            // Not at the return: what is returned leaks where a destructor panics then.
            drop(entered);
            polled
        }

        /// Does the last thing of a task, and ends the span, if it has one that has not ended: then, or with what is being told.
        ///
        /// # Safety
        ///
        /// The caller has the right to the task's body, or to make one here.
        #[inline]
        pub(in crate::shared) unsafe fn end_after(&self, last: impl FnOnce()) {
            // The task's own share, which nobody but the caller gives up.
            let _share = self.is_open().then(|| Share(self, OPEN));
            last();
        }

        /// Tells what is about to be done with a waker, if there is a span that has not ended. Costs: one load if not.
        #[inline]
        pub(in crate::shared) fn tell(&self, Op(op, more): Op) {
            let word = self.word.load(Ordering::Relaxed);
            if word & OPEN != 0 || (word & PLACE != 0 && more != 0) {
                self.count_and_tell(op, more);
            }
        }

        #[cold]
        fn count_and_tell(&self, op: &'static str, more: usize) {
            let before = self.word.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |word| counted(word, more));
            if before.is_ok_and(may_tell) {
                let _share = Share(self, TELLER);
                // SAFETY: the share of the line above.
                event(unsafe { self.span() }, op);
            }
        }

        /// # Safety
        ///
        /// There is a share for as long as the result is used.
        unsafe fn span(&self) -> &Span {
            // SAFETY: nobody changes it (invariant 1).
            let span = unsafe { &*self.span.get() };
            // SAFETY: there is a span (invariant 1).
            unsafe { span.assume_init_ref() }
        }

        /// # Safety
        ///
        /// A count of the task is held.
        pub(in crate::shared) unsafe fn label(&self) -> (Option<&'static str>, &'static Location<'static>) {
            // SAFETY: nobody makes a task where there is a handle of one (invariant 2).
            let label = unsafe { &*self.label.get() };
            // SAFETY: it was written before that handle was made.
            unsafe { label.assume_init() }
        }
    }

    /// Whether there is a span that has not ended, and room for the share of one more who tells something.
    fn may_tell(word: usize) -> bool {
        word & OPEN != 0 && word & SHARES != SHARES
    }

    /// The word of a trace with so many wakers more, and the share of who tells that, if it may; `None` if nothing changes.
    fn counted(word: usize, more: usize) -> Option<usize> {
        let more = if word & (OPEN | PLACE) == 0 { 0 } else { WAKER.wrapping_mul(more) };
        let next = word.wrapping_add(more) + usize::from(may_tell(word)) * TELLER;
        (next != word).then_some(next)
    }

    static CALLSITE: DefaultCallsite = DefaultCallsite::new(&EVENTS);
    static EVENTS: Metadata<'static> = metadata! {
        name: "waker", target: "runtime::waker", level: Level::TRACE,
        fields: &["op", "task.id"], callsite: &CALLSITE, kind: Kind::EVENT,
    };

    /// Tells it to the subscriber that has the span, whatever that of this thread is.
    fn event(span: &Span, op: &'static str) {
        span.with_subscriber(|(id, subscriber)| {
            let (interest, fields) = (CALLSITE.interest(), EVENTS.fields());
            if interest.is_always() || (!interest.is_never() && subscriber.enabled(&EVENTS)) {
                let [first, second] = ["op", "task.id"].map(|name| fields.field(name));
                let (op, id): (&dyn Value, &dyn Value) = (&op, &id.into_u64());
                let values = [(&first?, Some(op)), (&second?, Some(id))];
                subscriber.event(&Event::new(&EVENTS, &fields.value_set(&values)));
            }
            Some(())
        });
    }

    /// On 32 bits a subscriber that wakes the task which it is just told of comes so far: 2¹⁴ calls of it, each in another.
    #[cfg(test)]
    #[test]
    fn shares_never_come_to_be_wakers() {
        assert_eq!(counted(SHARES - TELLER, 0), Some(SHARES));
        assert_eq!(counted(SHARES, 0), None);
        assert_eq!(counted(SHARES | PLACE, 1), Some((SHARES | PLACE) + WAKER));
        assert!(!may_tell(SHARES | PLACE));
    }
}
