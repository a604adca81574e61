static FUNCTION: fn(usize) = |_| ();

waker_tables::waker_vtable! { static THROUGH_A_POINTER: usize => FUNCTION; } //~ E0080
waker_tables::waker_vtable! { static MISSPELT: usize => on_wkae; } //~ E0425
