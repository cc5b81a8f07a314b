#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file to which lines are appended, each with one system call and no buffer of our own: what was written survives
/// the death of this process.
struct LogFile: ~Copyable {
    private let descriptor: Int32

    /// Creates the file if there is none.
    init(path: String) throws(StorageNodeError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .cannotOpenLog(path: path, reason: String(cString: strerror(errno)))
        }
    }

    deinit {
        close(descriptor)
    }

    /// Appends the text and a line break; false if not all of it could be written.
    func append(_ line: String) -> Bool {
        var text = line + "\n"
        return text.withUTF8 { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let written = write(descriptor, rest.baseAddress, rest.count)
                if written > 0 {
                    rest = UnsafeBufferPointer(rebasing: rest.dropFirst(written))
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
