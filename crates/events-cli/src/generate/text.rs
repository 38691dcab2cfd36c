//! Pieces of JSON text.

use super::random::Random;

/// Appends pieces of JSON text to a buffer, drawing what is random in them.
///
/// Each verb returns the writer, so that a chain of calls reads like the text that it makes.
pub(crate) struct TextWriter<'a> {
    random: &'a mut Random,
    text: &'a mut Vec<u8>,
}

/// Words of the classical filler text, as test data libraries use them.
#[rustfmt::skip] // One word a line says no more.
const WORDS: [&str; 64] = [
    "lorem", "ipsum", "dolor", "sit", "amet", "consectetur", "adipisci", "elit",
    "sed", "eius", "modi", "tempora", "incidunt", "ut", "labore", "et",
    "dolore", "magnam", "aliquam", "quaerat", "voluptatem", "enim", "ad", "minima",
    "veniam", "quis", "nostrum", "exercitationem", "ullam", "corporis", "suscipit", "laboriosam",
    "nisi", "aliquid", "ex", "ea", "commodi", "consequatur", "autem", "vel",
    "eum", "iure", "qui", "in", "voluptate", "velit", "esse", "quam",
    "nihil", "molestiae", "illum", "fugiat", "quo", "nulla", "pariatur", "natus",
    "nam", "error", "aut", "perspiciatis", "unde", "omnis", "iste", "totam",
];

impl<'a> TextWriter<'a> {
    /// A writer that appends to `text`.
    pub(crate) fn new(random: &'a mut Random, text: &'a mut Vec<u8>) -> Self {
        Self { random, text }
    }

    /// The random numbers, for a choice between texts.
    pub(crate) fn random(&mut self) -> &mut Random {
        self.random
    }

    /// The text as it is.
    pub(crate) fn raw(&mut self, text: &str) -> &mut Self {
        self.text.extend_from_slice(text.as_bytes());
        self
    }

    /// One of the texts as it is.
    pub(crate) fn pick(&mut self, texts: &[&'static str]) -> &mut Self {
        let text = self.random.pick(texts);
        self.raw(text)
    }

    /// That integer.
    pub(crate) fn integer(&mut self, value: u64) -> &mut Self {
        push_integer(value, 1, self.text);
        self
    }

    /// An integer below `bound`, padded with zeros to `digits`.
    pub(crate) fn integer_below(&mut self, bound: u64, digits: usize) -> &mut Self {
        push_integer(self.random.below(bound), digits, self.text);
        self
    }

    /// An amount below `bound` with two decimals, such as `1.10`.
    pub(crate) fn amount_below(&mut self, bound: u64) -> &mut Self {
        self.integer_below(bound, 1).raw(".").integer_below(100, 2)
    }

    /// One lower-case word.
    pub(crate) fn word(&mut self) -> &mut Self {
        self.pick(&WORDS)
    }

    /// One word with a capital.
    pub(crate) fn name(&mut self) -> &mut Self {
        let start = self.text.len();
        self.word();
        self.text[start].make_ascii_uppercase();
        self
    }

    /// A sentence of `words_min` to twice as many words, with its capital and period.
    pub(crate) fn sentence(&mut self, words_min: u64) -> &mut Self {
        let words = words_min + self.random.below(words_min + 1);
        self.name();
        for _ in 1..words {
            self.raw(" ").word();
        }
        self.raw(".")
    }
}

/// Appends an integer, padded with zeros to `digits_min`.
///
/// With the formatting machinery of the standard library, a generation takes a third longer (measured on 500 MB).
pub(crate) fn push_integer(mut value: u64, digits_min: usize, text: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    while value > 0 || digits.len() - start < digits_min {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    text.extend_from_slice(&digits[start..]);
}

/// Appends a UUID in its canonical text.
pub(crate) fn push_uuid(uuid: u128, text: &mut Vec<u8>) {
    for (position, byte) in uuid.to_be_bytes().into_iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            text.push(b'-');
        }
        text.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pads_integers() {
        let check = |value, digits_min, expected: &str| {
            let mut text = Vec::new();
            push_integer(value, digits_min, &mut text);
            assert_eq!(text, expected.as_bytes());
        };
        check(0, 1, "0");
        check(7, 3, "007");
        check(1234, 3, "1234");
        check(u64::MAX, 1, "18446744073709551615");
    }

    #[test]
    fn groups_the_digits_of_a_uuid() {
        let mut text = Vec::new();
        push_uuid(0x3aaa_fb1f_c83b_4e77_9d0a_8d88_f9a9_fa9a, &mut text);
        assert_eq!(text, b"3aaafb1f-c83b-4e77-9d0a-8d88f9a9fa9a");
    }
}
