#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A UDP socket bound to one receiver, IPv4 or IPv6; closed when no longer used.
///
/// It is connected, so that the system tells when nothing listens there. It tells late, though: ``send(_:)`` then
/// throws ``TelemetryError/refused`` about the datagram before, and did not send its own.
final class DatagramSocket: DatagramSending {
    private let descriptor: Int32

    /// Looks the host up and takes the first of its addresses that the system knows a way to.
    ///
    /// May block for as long as name servers take; not for a thread that others wait for.
    init(host: String, port: UInt16) throws(TelemetryError) {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Self.datagramType
        hints.ai_protocol = Int32(IPPROTO_UDP)
        var list: UnsafeMutablePointer<addrinfo>?
        let answer = getaddrinfo(host, String(port), &hints, &list)
        guard answer == 0 else {
            throw .unknownHost(name: host, answer: String(cString: gai_strerror(answer)))
        }
        defer { freeaddrinfo(list) }
        var code = EADDRNOTAVAIL
        var next = list
        while let address = next?.pointee {
            let candidate = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
            if candidate >= 0, connect(candidate, address.ai_addr, address.ai_addrlen) == 0 {
                descriptor = candidate
                return
            }
            code = errno
            if candidate >= 0 {
                close(candidate)
            }
            next = address.ai_next
        }
        throw .noRoute(code: code)
    }

    deinit {
        close(descriptor)
    }

    func send(_ bytes: [UInt8]) throws(TelemetryError) {
        let sent = bytes.withUnsafeBytes { buffer in
            #if canImport(Glibc)
                Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            #elseif canImport(Musl)
                Musl.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            #else
                Darwin.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            #endif
        }
        guard sent < 0 else { return }
        let code = errno
        throw code == ECONNREFUSED ? .refused : .notSent(code: code)
    }

    private static var datagramType: Int32 {
        #if canImport(Glibc)
            Int32(SOCK_DGRAM.rawValue)
        #else
            SOCK_DGRAM
        #endif
    }
}
