import Foundation

/// The entries of a zip file that stand in it as they are, uncompressed, as PyTorch writes them.
struct StoredZip {
    /// Where each entry's bytes stand in the data, by name.
    let entries: [String: Range<Data.Index>]

    init(_ data: Data) throws {
        func number(_ offset: Int, _ count: Int) throws -> Int {
            guard offset >= 0, offset <= data.count - count else {
                throw PickleReader.Defect(reason: "it ends too early")
            }
            let start = data.startIndex + offset
            return data[start..<start + count].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        // The directory stands at the end, before a comment of at most 64 KiB.
        let signature: [UInt8] = [0x50, 0x4B, 0x05, 0x06]
        let lowest = max(0, data.count - 22 - 65_535)
        guard data.count >= 22,
            let end = (lowest...data.count - 22).reversed().first(where: {
                data[data.startIndex + $0] == signature[0]
                    && data[(data.startIndex + $0)...].prefix(4).elementsEqual(signature)
            })
        else { throw PickleReader.Defect(reason: "it is a zip file without its directory, perhaps cut off") }
        var count = try number(end + 10, 2)
        var place = try number(end + 16, 4)
        if count == 0xFFFF || place == 0xFFFF_FFFF {
            // Zip64 puts a longer record before the end, and says where.
            let record = try number(end - 20 + 8, 8)
            guard try number(end - 20, 4) == 0x0706_4B50, try number(record, 4) == 0x0606_4B50 else {
                throw PickleReader.Defect(reason: "its directory cannot be found")
            }
            count = try number(record + 32, 8)
            place = try number(record + 48, 8)
        }
        var entries: [String: Range<Data.Index>] = [:]
        for _ in 0..<count {
            guard try number(place, 4) == 0x0201_4B50 else {
                throw PickleReader.Defect(reason: "its directory is damaged")
            }
            let nameLength = try number(place + 28, 2), extraLength = try number(place + 30, 2)
            var length = try number(place + 24, 4), header = try number(place + 42, 4)
            let nameStart = data.startIndex + place + 46
            _ = try number(place + 46 + nameLength + extraLength, 0)
            let name = String(decoding: data[nameStart..<nameStart + nameLength], as: UTF8.self)
            guard try number(place + 10, 2) == 0 else {
                throw PickleReader.Defect(reason: "its entry \(name) is compressed; save it again with torch.save")
            }
            // Lengths and places beyond 4 GiB stand in a field of their own.
            var extra = place + 46 + nameLength
            let extraEnd = extra + extraLength
            while extra + 4 <= extraEnd {
                let size = try number(extra + 2, 2)
                if try number(extra, 2) == 1 {
                    var field = extra + 4
                    if length == 0xFFFF_FFFF {
                        length = try number(field, 8)
                        field += 16
                    }
                    if header == 0xFFFF_FFFF { header = try number(field, 8) }
                }
                extra += 4 + size
            }
            guard try number(header, 4) == 0x0403_4B50 else {
                throw PickleReader.Defect(reason: "its entry \(name) is damaged")
            }
            let start = header + 30 + (try number(header + 26, 2)) + (try number(header + 28, 2))
            guard start <= data.count, length <= data.count - start, length >= 0 else {
                throw PickleReader.Defect(reason: "its entry \(name) is cut off")
            }
            entries[name] = data.startIndex + start..<data.startIndex + start + length
            place += 46 + nameLength + extraLength + (try number(place + 32, 2))
        }
        self.entries = entries
    }
}
