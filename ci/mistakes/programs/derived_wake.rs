struct Job;

waker_tables::derive_arc_unsafe_wakeable!(Job, wake); //~ E0034

struct Other;

waker_tables::derive_arc_unsafe_wakeable!(Other, wake_by_ref); //~ E0034
