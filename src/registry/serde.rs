//! Keys as their text. One that borrows is read from formats that lend text, one that owns its names from all.

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use super::key::KeyRef;
#[cfg(feature = "alloc")]
use super::key_buf::KeyBuf;

impl Serialize for KeyRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "alloc")]
impl Serialize for KeyBuf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for KeyRef<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(Deserialize::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(feature = "alloc")]
impl<'de> Deserialize<'de> for KeyBuf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl serde::de::Visitor<'_> for Text {
            type Value = KeyBuf;

            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("a key, segment/kind@v1")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<KeyBuf, E> {
                KeyBuf::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}
