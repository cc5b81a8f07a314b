import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes to an open file descriptor, each text with one `write(2)` as long as the kernel takes it whole.
///
/// Expects SIGPIPE to be ignored. A full descriptor is waited for, also a non-blocking one. A reader that went away and
/// a full disk lose text; a text of which only a part got through is ended by a newline before the next one, so that a
/// torn line spoils only itself. The descriptor stays the caller's, who also closes it.
package final class FileDescriptorSink: LineSink {
    private static let widthOfAnUnknownTerminal = 80

    private let descriptor: Int32
    private let isTerminal: Bool
    private let endsInTornLine = Mutex(false)

    package init(descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
    }

    package var terminalWidth: Int? {
        guard isTerminal else { return nil }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return Self.widthOfAnUnknownTerminal
        }
        return Int(size.ws_col)
    }

    package func write(_ text: String) {
        endsInTornLine.withLock { torn in
            let bytes = Array((torn ? "\n" + text : text).utf8)
            let written = writeAsMuchAsPossible(bytes)
            if written > 0 {
                torn = written < bytes.count
            }
        }
    }

    private func writeAsMuchAsPossible(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
                #if canImport(Glibc)
                    let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                #elseif canImport(Musl)
                    let count = Musl.write(descriptor, rest.baseAddress, rest.count)
                #else
                    let count = Darwin.write(descriptor, rest.baseAddress, rest.count)
                #endif
                if count > 0 {
                    written += count
                } else if count < 0, errno == EINTR {
                    continue
                } else if count < 0, errno == EAGAIN, waitUntilWritable() {
                    continue
                } else {
                    break
                }
            }
            return written
        }
    }

    private func waitUntilWritable() -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let (count, code) = (poll(&request, 1, -1), errno)
        return count == 1 || code == EINTR
    }
}
