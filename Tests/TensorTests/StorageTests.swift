import Testing

import Tensor

@Suite struct StorageTests {
    /// Every size fits its class, no class below would do, and a class is its own capacity's.
    @Test func sizeClassesFit() {
        for count in [1, 63, 64, 65, 72, 73, 127, 128, 129, 1000, 16384, 16385, 99_999_999] {
            let fitting = SizeClass(fitting: count)
            #expect(fitting.capacity >= count)
            #expect(SizeClass(fitting: fitting.capacity) == fitting)
            if fitting.index > 0 { #expect(SizeClass(index: fitting.index - 1).capacity < count) }
        }
    }
}
