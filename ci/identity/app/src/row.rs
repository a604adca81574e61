// Included once for each copy of the crate: one row of the matrix out of one table.

pub fn row<P: WakerPointer + Clone>(name: &'static str, table: &'static WakerVTable<P>, pointer: &P) -> Row {
    let row = bare_row(name, Kind::Table, table, pointer);
    let (p, q, r) = (pointer.clone(), pointer.clone(), pointer.clone());
    row.and(move || black_box(table).waker(p.clone()).clone())
        .and(move || black_box(table).waker_ref(&q).clone())
        .and(move || black_box(table).waker_ref(&r).clone().clone())
}

/// Without clones, for tables whose `clone` must not be called.
pub fn bare_row<P: WakerPointer + Clone>(
    name: &'static str,
    kind: Kind,
    table: &'static WakerVTable<P>,
    pointer: &P,
) -> Row {
    let owned = pointer.clone();
    let row = Row {
        name,
        kind,
        pointer_type: TypeId::of::<P>(),
        word: pointer.as_raw().addr(),
        makers: Vec::new(),
        answer: Box::new(move |waker| answer(black_box(table), waker)),
    };
    row.and(move || black_box(table).waker(owned.clone()))
}

/// The word that `table` recovers. Its four ways back must agree.
fn answer<P: WakerPointer>(table: &'static WakerVTable<P>, waker: Waker) -> Option<usize> {
    let matches = table.matches(&waker);
    let target = table.get(&waker).map(|target| (ptr::from_ref(target).addr(), size_of_val(target)));
    let pointer = table.get_pointer(&waker).map(|pointer| pointer.as_raw().addr());
    let taken = table.into_pointer(waker).ok().map(|pointer| pointer.as_raw().addr());
    assert_eq!((matches, pointer), (pointer.is_some(), taken));
    assert_eq!(matches, target.is_some());
    // An id has no target to compare.
    if let Some((address, 1..)) = target {
        assert_eq!(Some(address), pointer);
    }
    pointer
}
