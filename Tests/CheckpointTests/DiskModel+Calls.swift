import Checkpoint
import Foundation

extension DiskModel {
    private func run(_ body: (inout State) -> Int32) -> Int {
        state.withLock { state in
            state.calls += 1
            return Int(body(&state))
        }
    }

    /// The calls of this disk.
    var calls: SystemCalls {
        var calls = SystemCalls.system
        calls.open = { path, flags, _ in self.run { $0.open(path, flags) } }
        calls.close = { descriptor in
            self.run { state in
                state.descriptors[descriptor] = nil
                return 0
            }
        }
        calls.read = { descriptor, target, count in
            self.run { state in
                guard let (node, offset, _) = state.descriptors[descriptor], let found = state.nodes[node] else {
                    return -EBADF
                }
                let taken = max(0, min(count, found.bytes.count - offset))
                found.bytes.withUnsafeBytes { bytes in
                    if taken > 0, let base = bytes.baseAddress {
                        target.copyMemory(from: base + offset, byteCount: taken)
                    }
                }
                state.descriptors[descriptor]?.offset += taken
                return Int32(taken)
            }
        }
        calls.write = { descriptor, source, count in self.run { $0.write(descriptor, source, count) } }
        calls.setDirect = { _, _ in 0 }
        calls.fsync = { descriptor in
            self.run { state in
                guard let (node, _, path) = state.descriptors[descriptor] else { return -EBADF }
                state.log.append(.sync(node: node, path: path))
                return 0
            }
        }
        calls.ftruncate = { descriptor, length in
            self.run { state in
                guard let node = state.descriptors[descriptor]?.node, var bytes = state.nodes[node]?.bytes else {
                    return -EBADF
                }
                bytes = Array(bytes.prefix(length)) + [UInt8](repeating: 0, count: max(0, length - bytes.count))
                state.nodes[node]?.bytes = bytes
                state.log.append(.truncate(node: node, length: length))
                return 0
            }
        }
        calls.rename = { from, to in self.run { $0.rename(from, to) } }
        calls.link = { from, to in
            self.run { state in
                guard let node = state.find(from), let place = state.place(to) else { return -ENOENT }
                guard state.nodes[place.folder]?.entries[place.name] == nil else { return -EEXIST }
                state.setName(place.folder, [place.name: node])
                return 0
            }
        }
        calls.mkdir = { path, _ in
            self.run { state in
                guard let place = state.place(path) else { return -ENOENT }
                guard state.nodes[place.folder]?.entries[place.name] == nil else { return -EEXIST }
                guard state.hasRoom(4096) else { return -ENOSPC }
                state.make(isFolder: true, at: place)
                return 0
            }
        }
        calls.unlink = { path in
            self.run { state in
                guard let node = state.find(path), let place = state.place(path) else { return -ENOENT }
                guard state.nodes[node]?.isFolder == false else { return -EISDIR }
                state.setName(place.folder, [place.name: nil])
                return 0
            }
        }
        calls.rmdir = { path in
            self.run { state in
                guard let node = state.find(path), let place = state.place(path) else { return -ENOENT }
                guard state.nodes[node]?.isFolder == true else { return -ENOTDIR }
                guard state.nodes[node]?.entries.isEmpty == true else { return -ENOTEMPTY }
                state.setName(place.folder, [place.name: nil])
                return 0
            }
        }
        calls.allocate = { descriptor, length in
            self.run { state in
                guard let node = state.descriptors[descriptor]?.node else { return -EBADF }
                guard state.hasRoom(length) else { return -ENOSPC }
                state.nodes[node]?.allocated = length
                return 0
            }
        }
        calls.status = { path in
            self.state.withLock { state in
                state.find(path).map { state.status($0) } ?? .failure(ErrorNumber(code: ENOENT))
            }
        }
        calls.statusOfOpen = { descriptor in
            self.state.withLock { state in
                state.descriptors[descriptor].map { state.status($0.node) } ?? .failure(ErrorNumber(code: EBADF))
            }
        }
        calls.list = { path in
            self.state.withLock { state in
                guard let node = state.find(path), let found = state.nodes[node] else {
                    return .failure(ErrorNumber(code: ENOENT))
                }
                return found.isFolder ? .success(Array(found.entries.keys)) : .failure(ErrorNumber(code: ENOTDIR))
            }
        }
        calls.freeBytes = { _ in
            self.state.withLock { state in state.capacity.map { max(0, $0 - state.used) } ?? 1 << 40 }
        }
        return calls
    }
}

extension DiskModel.State {
    fileprivate mutating func make(isFolder: Bool, at place: (folder: Int, name: String)) {
        let node = nextNode
        nextNode += 1
        nodes[node] = DiskModel.Node(isFolder: isFolder)
        log.append(.make(node: node, isFolder: isFolder))
        setName(place.folder, [place.name: node])
    }

    fileprivate mutating func open(_ path: String, _ flags: Int32) -> Int32 {
        var found = find(path)
        if flags & O_CREAT != 0 {
            guard let place = place(path) else { return -ENOENT }
            if found != nil, flags & O_EXCL != 0 { return -EEXIST }
            if found == nil {
                make(isFolder: false, at: place)
                found = nodes[place.folder]?.entries[place.name]
            }
        }
        guard let node = found else { return -ENOENT }
        let isFolder = nodes[node]?.isFolder == true
        if flags & O_DIRECTORY != 0, !isFolder { return -ENOTDIR }
        if isFolder, flags & (O_WRONLY | O_RDWR) != 0 { return -EISDIR }
        let descriptor = nextDescriptor
        nextDescriptor += 1
        descriptors[descriptor] = (node, 0, path)
        return descriptor
    }

    fileprivate mutating func write(_ descriptor: Int32, _ source: UnsafeRawPointer, _ count: Int) -> Int32 {
        guard let (node, offset, _) = descriptors[descriptor], let size = nodes[node]?.bytes.count else {
            return -EBADF
        }
        guard hasRoom((offset + count + 4095) / 4096 * 4096 - (size + 4095) / 4096 * 4096) else { return -ENOSPC }
        let bytes = Array(UnsafeRawBufferPointer(start: source, count: count))
        nodes[node]?.put(bytes, at: offset)
        descriptors[descriptor]?.offset += count
        log.append(.write(node: node, offset: offset, bytes: bytes))
        return Int32(count)
    }

    fileprivate mutating func rename(_ from: String, _ to: String) -> Int32 {
        guard let node = find(from), let source = place(from), let target = place(to) else { return -ENOENT }
        if let old = nodes[target.folder]?.entries[target.name] {
            if old == node { return 0 }  // two names of one file: POSIX does nothing
            if nodes[old]?.isFolder == true, nodes[old]?.entries.isEmpty == false { return -ENOTEMPTY }
        }
        nodes[node]?.links += 1  // so that it never has none in between
        if source.folder == target.folder {
            setName(source.folder, [source.name: nil, target.name: node])
        } else {
            setName(target.folder, [target.name: node])
            setName(source.folder, [source.name: nil])
        }
        nodes[node]?.links -= 1
        return 0
    }
}

extension DiskModel.Node {
    mutating func put(_ new: [UInt8], at offset: Int) {
        let end = offset + new.count
        if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
        bytes.replaceSubrange(offset..<end, with: new)
    }
}
