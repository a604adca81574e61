//! The iterators. They take what there is when they are made.

use std::pin::Pin;
use std::vec;

use super::FuturesUnordered;

/// All futures, pinned.
#[derive(Debug)]
pub struct IterPinRef<'a, Fut>(pub(crate) vec::IntoIter<Pin<&'a Fut>>);

/// All futures.
#[derive(Debug)]
pub struct Iter<'a, Fut: Unpin>(pub(crate) IterPinRef<'a, Fut>);

/// All futures, pinned, to be changed.
#[derive(Debug)]
pub struct IterPinMut<'a, Fut>(pub(crate) vec::IntoIter<Pin<&'a mut Fut>>);

/// All futures, to be changed.
#[derive(Debug)]
pub struct IterMut<'a, Fut: Unpin>(pub(crate) IterPinMut<'a, Fut>);

/// All futures, owned.
#[derive(Debug)]
pub struct IntoIter<Fut: Unpin>(vec::IntoIter<Fut>);

macro_rules! iterator {
    ($type:ty, $item:ty, [$($generics:tt)*], $map:expr) => {
        impl<$($generics)*> Iterator for $type {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                self.0.next().map($map)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.0.size_hint()
            }
        }

        impl<$($generics)*> ExactSizeIterator for $type {}
    };
}

iterator!(IterPinRef<'a, Fut>, Pin<&'a Fut>, ['a, Fut], |future| future);
iterator!(Iter<'a, Fut>, &'a Fut, ['a, Fut: Unpin], Pin::get_ref);
iterator!(IterPinMut<'a, Fut>, Pin<&'a mut Fut>, ['a, Fut], |future| future);
iterator!(IterMut<'a, Fut>, &'a mut Fut, ['a, Fut: Unpin], Pin::get_mut);
iterator!(IntoIter<Fut>, Fut, [Fut: Unpin], |future| future);

impl<'a, Fut: Unpin> IntoIterator for &'a FuturesUnordered<Fut> {
    type Item = &'a Fut;
    type IntoIter = Iter<'a, Fut>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, Fut: Unpin> IntoIterator for &'a mut FuturesUnordered<Fut> {
    type Item = &'a mut Fut;
    type IntoIter = IterMut<'a, Fut>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<Fut: Unpin> IntoIterator for FuturesUnordered<Fut> {
    type Item = Fut;
    type IntoIter = IntoIter<Fut>;

    fn into_iter(mut self) -> Self::IntoIter {
        self.take_pushed();
        let all = self.children.drain(..).flatten().map(|future| *Pin::into_inner(future));
        IntoIter(all.collect::<Vec<_>>().into_iter())
    }
}
