//! The times of runs as a picture: each run a dot, and a line through the median of every fifty.

use std::fmt::Write as _;

use crate::spread::Spread;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 320.0;
const MARGIN: f64 = 50.0;
const WINDOW: usize = 50;

/// An SVG of the milliseconds of each run.
pub(super) fn chart(times: &[f64]) -> String {
    let top = scale(times.iter().copied().fold(1.0, f64::max));
    let x = |run: f64| MARGIN + run / times.len().max(1) as f64 * (WIDTH - 2.0 * MARGIN);
    let y = |ms: f64| HEIGHT - MARGIN - ms / top * (HEIGHT - 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let mut push = |line: String| writeln!(svg, "{line}").expect("a string takes everything");
    for step in 0..=4 {
        let part = f64::from(step) / 4.0;
        let (ms, run) = (top * part, times.len() as f64 * part);
        let (left, right) = (MARGIN, WIDTH - MARGIN);
        push(format!(
            "<line x1=\"{left}\" y1=\"{0:.1}\" x2=\"{right}\" y2=\"{0:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{1}\" y=\"{2:.1}\" text-anchor=\"end\">{ms:.0}</text>\
             <text x=\"{3:.1}\" y=\"{4}\" text-anchor=\"middle\">{run:.0}</text>",
            y(ms),
            left - 6.0,
            y(ms) + 4.0,
            x(run),
            HEIGHT - MARGIN + 18.0
        ));
    }
    for (run, &ms) in times.iter().enumerate() {
        push(format!("<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"1.2\" fill=\"#9ab\"/>", x(run as f64), y(ms)));
    }
    let medians = times.chunks(WINDOW).enumerate().filter_map(|(window, times)| {
        let middle = (window * WINDOW) as f64 + times.len() as f64 / 2.0;
        Some(format!("{:.1},{:.1}", x(middle), y(Spread::of(times.iter().copied())?.median)))
    });
    let points: Vec<_> = medians.collect();
    push(format!(
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#c30\" stroke-width=\"2\"/>\n\
         <text x=\"{MARGIN}\" y=\"24\">milliseconds of a run: each, and the median of {WINDOW}</text>\n\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">number of the run, 5,556 events each</text>\n</svg>",
        points.join(" "),
        WIDTH / 2.0,
        HEIGHT - 10.0
    ));
    svg
}

/// The next of 1, 2 and 5 and their multiples by tens.
fn scale(most: f64) -> f64 {
    let ten = 10_f64.powf(most.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * ten).find(|&top| top >= most).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_a_dot_for_each_run() {
        let svg = chart(&[10.0, 20.0, 15.0]);
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(svg.ends_with("</svg>\n"));
    }

    #[test]
    fn ends_the_scale_at_a_round_number() {
        let tops = [1.0, 3.0, 70.0, 100.0, 101.0].map(|most| scale(most) as u32);
        assert_eq!(tops, [1, 5, 100, 100, 200]);
    }
}
