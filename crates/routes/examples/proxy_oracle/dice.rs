//! Numbers that look random and are the same for one seed, so that a failing round can be repeated.

/// A small generator.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// 0 to `below - 1`.
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % below.max(1)
    }

    pub(crate) fn once_in(&mut self, count: usize) -> bool {
        self.roll(count) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T], otherwise: T) -> T {
        from.get(self.roll(from.len()))
            .copied()
            .unwrap_or(otherwise)
    }

    /// A text of up to `longest` letters.
    pub(crate) fn text(&mut self, letters: &str, longest: usize) -> String {
        let letters: Vec<char> = letters.chars().collect();
        let length = self.roll(longest + 1);
        (0..length).map(|_| self.pick(&letters, 'a')).collect()
    }
}
