/// Lines that travel together, separated by newlines.
struct StatsdDatagram {
    /// What fits into an Ethernet frame beside the headers of IPv6, UDP and a tunnel or two.
    static let sizeLimit = 1400

    private(set) var bytes: [UInt8] = []
    private(set) var lineCount = 0

    /// Fills as few datagrams as the order of the lines allows. Lines too long for any are left out and counted.
    static func pack(_ lines: some Sequence<String>, limit: Int = sizeLimit) -> (packed: [Self], tooLong: Int) {
        var packed: [Self] = []
        var current = Self()
        var tooLong = 0
        for line in lines {
            let size = line.utf8.count
            guard size <= limit else {
                tooLong += 1
                continue
            }
            if current.lineCount > 0, current.bytes.count + 1 + size > limit {
                packed.append(current)
                current = Self()
            }
            current.append(line)
        }
        if current.lineCount > 0 {
            packed.append(current)
        }
        return (packed, tooLong)
    }

    private mutating func append(_ line: String) {
        if lineCount > 0 {
            bytes.append(UInt8(ascii: "\n"))
        }
        bytes.append(contentsOf: line.utf8)
        lineCount += 1
    }
}
