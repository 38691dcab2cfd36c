//! What requests to a bucket cost.

use crate::requests::Requests;

/// What [`Requests::dollars`] goes by, for messages.
pub const PRICED_AS: &str = "S3 Standard (us-east-1)";

/// Dollars for a thousand requests that put, copy or list: <https://aws.amazon.com/s3/pricing/>, as it was known in
/// November 2026. `docs/COSTS.md` repeats it.
const PUT_THOUSAND_DOLLARS: f64 = 0.005;
/// Dollars for a thousand requests that read or look, from the same page.
const GET_THOUSAND_DOLLARS: f64 = 0.0004;

impl Requests {
    /// About how many dollars they cost in S3 Standard in us-east-1. Deletions cost nothing; what is stored, and what leaves
    /// the region, is not in it.
    #[must_use]
    pub fn dollars(&self) -> f64 {
        let Self { get, head, put, list, delete: _, copy, multipart } = *self;
        let thousands = |count: u64| count as f64 / 1000.0;
        thousands(put + list + copy + multipart) * PUT_THOUSAND_DOLLARS + thousands(get + head) * GET_THOUSAND_DOLLARS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_price() {
        let thousand =
            Requests { get: 1000, head: 1000, put: 1000, list: 1000, delete: 1000, copy: 1000, multipart: 1000 };
        assert!((thousand.dollars() - 0.0208).abs() < 1e-12, "{}", thousand.dollars());
        let free = Requests { delete: 1000, ..Requests::default() };
        assert!(free.dollars().abs() < 1e-12);
    }
}
