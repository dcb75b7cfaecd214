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

    /// A step of shapes seen before allocates nothing: the same takes and gives again find what they need.
    @Test func thePoolServesARepeatedStepWithoutTheSystem() {
        let pool = StoragePool(), random = RandomStream(seed: 3, name: "sizes")
        func step() {
            var held = [(UnsafeMutablePointer<Float>, Int)]()
            for index in 0..<600 {
                if index >= 300 || random.integer(below: 3, at: 2 * index) == 0, !held.isEmpty {
                    let (pointer, capacity) = held.remove(at: random.integer(below: held.count, at: 2 * index + 1))
                    pool.give(pointer, capacity: capacity)
                } else {
                    held.append(pool.take(1 + random.integer(below: 1 << (6 + index % 12), at: index)))
                }
            }
            for (pointer, capacity) in held { pool.give(pointer, capacity: capacity) }
        }
        step()
        #expect(pool.allocations > 0)
        step()
        let allocations = pool.allocations
        step()
        #expect(pool.allocations == allocations)
    }

    /// A drained pool is as a new one: what it is asked for comes from the system, and then from itself again.
    @Test func aDrainedPoolHoldsNothing() {
        let pool = StoragePool()
        func step() {
            for (pointer, capacity) in [100, 100, 5_000].map(pool.take) { pool.give(pointer, capacity: capacity) }
        }
        step()
        step()
        #expect(pool.allocations == 3)
        pool.drain()
        step()
        #expect(pool.allocations == 6)
        step()
        #expect(pool.allocations == 6)
    }
}
