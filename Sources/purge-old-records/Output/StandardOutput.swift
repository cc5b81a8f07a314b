import Foundation
import Synchronization

/// Where reports go. A report that could not be written whole is an error: somebody may delete what it was made of.
enum StandardOutput {
    /// Whoever read it has closed it, and wants to see no more.
    struct Closed: Error {}

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Whether it was open when the program started.
    static var isOpen: Bool { fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE != O_RDONLY }

    /// Whether standard error goes to the same place, so that a reader of one reads both.
    static var isStandardError: Bool {
        var (output, error) = (stat(), stat())
        return fstat(STDOUT_FILENO, &output) == 0 && fstat(STDERR_FILENO, &error) == 0
            && output.st_dev == error.st_dev && output.st_ino == error.st_ino
    }

    private static let capacity = 65_536
    private static let buffer = Mutex<[UInt8]>([])

    /// Writes a line; buffered, so that only ``flush()`` tells whether it arrived.
    ///
    /// - Throws: ``Closed`` or ``Failure``
    static func write(line: String) throws {
        let isFull = buffer.withLock { buffer in
            buffer += Array(line.utf8) + [UInt8(ascii: "\n")]
            return buffer.count >= capacity
        }
        if isFull { try flush() }
    }

    /// - Parameter limit: how long it waits for a reader who reads nothing; nil for ever.
    /// - Throws: ``Closed`` or ``Failure``
    static func flush(within limit: Duration? = nil) throws {
        let bytes = buffer.withLock { buffer in
            defer { buffer.removeAll() }
            return buffer
        }
        let deadline = limit.map { ContinuousClock.now + $0 }
        var rest = bytes[...]
        while !rest.isEmpty {
            if let deadline, !isWritable(until: deadline) {
                throw Failure(description: "standard output can't be written: nobody reads it")
            }
            // A pipe that takes anything takes so much at once.
            let some = deadline == nil ? rest : rest.prefix(Int(PIPE_BUF))
            let count = some.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
                poll(&descriptor, 1, -1)
            } else if errno == EPIPE {
                throw Closed()
            } else if errno != EINTR {
                throw Failure(description: "standard output can't be written: \(String(cString: strerror(errno)))")
            }
        }
    }

    private static func isWritable(until deadline: ContinuousClock.Instant) -> Bool {
        let left = max(.zero, deadline - .now)
        var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        return poll(&descriptor, 1, Int32(left.components.seconds * 1000 + 1)) != 0
    }

    /// Gives the descriptors 0, 1 and 2, where they are closed, to nothing: else the next file that is opened gets the number,
    /// and what is printed. Standard output stays one that can't be written.
    static func keepDescriptors() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) == -1 {
            _ = open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
