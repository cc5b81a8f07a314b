import Foundation
import Synchronization

/// A server that speaks MySQL 8's handshake with caching_sha2_password over plain TCP, and says yes to every statement.
final class FakeMySQL: Sendable {
    enum Path: Sendable {
        /// The server remembers the password's hash.
        case fast
        /// It asks for the password itself, encrypted with its key.
        case full
        /// It offers another method first, and then the one with the remembered hash.
        case switched
        /// It offers TLS, but hangs up when asked for it.
        case brokenTLS
        /// It asks for the password as it is.
        case clearText
    }

    struct Broken: Error {}

    let port: Int
    /// All that clients sent as statements, in order.
    var statements: [String] { seen.withLock { $0 } }

    /// How many clients began TLS, and how many logged in without.
    var beginnings: (tls: Int, plain: Int) { begun.withLock { $0 } }

    private let begun = Mutex((tls: 0, plain: 0))
    private let listener: Listener
    private let path: Path
    private let password: String
    private let key: String
    private let nonce: [UInt8] = (0..<20).map { _ in UInt8.random(in: 1...127) }
    private let seen = Mutex<[String]>([])

    /// Serves connections one after the other until it goes away.
    init(_ path: Path, password: String) throws {
        self.path = path
        self.password = password
        listener = try Listener()
        port = listener.port
        let pem = path == .full ? try OpenSSL.run(["genpkey", "-algorithm", "RSA"], []) : []
        key = String(decoding: pem, as: UTF8.self)
        Thread.detachNewThread { [listener, weak self] in
            while case let client = accept(listener.socket, nil, nil), client >= 0 {
                guard let self else {
                    close(client)
                    return
                }
                try? serve(Packets(client))
                close(client)
            }
        }
    }

    /// The thread that accepts connections ends by it, and only then the socket is closed.
    deinit { shutdown(listener.socket, Int32(SHUT_RDWR)) }

    private func serve(_ client: Packets) throws {
        try client.send(greeting)
        let packet = try client.receive()
        // What asks for TLS ends where the user's name would begin.
        begun.withLock { if packet.count == 32 { $0.tls += 1 } else { $0.plain += 1 } }
        guard try isLoggedIn(client, answer(packet)) else {
            let message = Array("#28000Access denied for user 'u'@'localhost' (using password: YES)".utf8)
            return try client.send([0xFF, 0x15, 0x04] + message)
        }
        try client.send(Self.ok)
        while case let command = try client.receive(), command.first == 3 {
            seen.withLock { $0.append(String(decoding: command.dropFirst(), as: UTF8.self)) }
            client.sequence = 1
            try client.send(Self.ok)
        }
    }

    private func isLoggedIn(_ client: Packets, _ answer: [UInt8]) throws -> Bool {
        let right = Array(password.utf8)
        switch path {
        case .clearText:
            try client.send([0xFE] + Array("mysql_clear_password".utf8) + [0])
            return try client.receive() == right + [0]
        case .fast, .switched, .brokenTLS:
            var answer = answer
            if path == .switched {
                try client.send([0xFE] + Array("caching_sha2_password".utf8) + [0] + nonce + [0])
                answer = try client.receive()
            }
            let once = try OpenSSL.digest(right)
            let mask = try OpenSSL.digest(try OpenSSL.digest(once) + nonce)
            guard answer == zip(once, mask).map({ $0 ^ $1 }) else { return false }
            try client.send([1, 3])
            return true
        case .full:
            try client.send([1, 4])
            guard try client.receive() == [2] else { return false }
            try client.send([1] + (try OpenSSL.run(["pkey", "-pubout"], Array(key.utf8))))
            let masked = try OpenSSL.decrypt(try client.receive(), key: key)
            return masked.enumerated().map { $1 ^ nonce[$0 % 20] } == right + [0]
        }
    }

    /// Version 8.0.36, thread 7, TLS only to be refused.
    private var greeting: [UInt8] {
        // Long password, found rows, with database, protocol 4.1, transactions, secure connection; plugins, attributes.
        let (low, high): (UInt16, UInt16) = (path == .brokenTLS ? 0xAA0B : 0xA20B, 0x0018)
        let method = path == .switched ? "mysql_native_password" : "caching_sha2_password"
        var bytes: [UInt8] = [10]
        bytes += Array("8.0.36".utf8) + [0, 7, 0, 0, 0]
        bytes += nonce[..<8] + [0]
        bytes += [UInt8(low & 0xFF), UInt8(low >> 8), 45, 2, 0, UInt8(high & 0xFF), UInt8(high >> 8), 21]
        bytes += [UInt8](repeating: 0, count: 10)
        bytes += nonce[8...] + [0]
        bytes += Array(method.utf8) + [0]
        return bytes
    }

    private static let ok: [UInt8] = [0, 0, 0, 2, 0, 0, 0]

    /// What proves the password in the client's first packet: behind 32 bytes and the user's name.
    private func answer(_ packet: [UInt8]) throws -> [UInt8] {
        guard packet.count > 32, let end = packet[32...].firstIndex(of: 0), end + 1 < packet.count else {
            throw Broken()
        }
        return Array(packet[(end + 2)...].prefix(Int(packet[end + 1])))
    }
}

/// MySQL's packets on a socket.
private final class Packets {
    private let socket: Int32
    var sequence: UInt8 = 0

    init(_ socket: Int32) { self.socket = socket }

    func send(_ payload: [UInt8]) throws {
        let bytes = [UInt8(payload.count & 0xFF), UInt8(payload.count >> 8), 0, sequence] + payload
        guard Foundation.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw FakeMySQL.Broken()
        }
    }

    func receive() throws -> [UInt8] {
        let head = try read(4)
        sequence = head[3] &+ 1
        return try read(Int(head[0]) | Int(head[1]) << 8)
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard count == 0 || recv(socket, &bytes, count, Int32(MSG_WAITALL)) == count else {
            throw FakeMySQL.Broken()
        }
        return bytes
    }
}

/// The program `openssl`, which the servers of the tests need too.
private enum OpenSSL {
    static func digest(_ input: [UInt8]) throws -> [UInt8] { try run(["dgst", "-sha256", "-binary"], input) }

    static func decrypt(_ input: [UInt8], key: String) throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID().uuidString).pem")
        try key.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        return try run(["pkeyutl", "-decrypt", "-inkey", file.path, "-pkeyopt", "rsa_padding_mode:oaep"], input)
    }

    /// What it writes; blocks, on the fake server's own thread.
    static func run(_ arguments: [String], _ input: [UInt8]) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let (standardInput, output) = (Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input))
        try standardInput.fileHandleForWriting.close()
        return Array(try output.fileHandleForReading.readToEnd() ?? Data())
    }
}
