import CLibPQ
import TokenserverStore

/// What a statement gave; freed with the last reference.
final class PostgresResult {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { PQclear(pointer) }

    /// PostgreSQL's own numbers of its types, which never change.
    private static let boolean: Oid = 16
    /// int8, int2, int4, oid, numeric.
    private static let numbers: Set<Oid> = [20, 21, 23, 26, 1700]

    var changedRows: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// Whole numbers and booleans as integers, all else as text.
    func rows() -> [SQLRow] {
        let types = (0..<PQnfields(pointer)).map { PQftype(pointer, $0) }
        return (0..<PQntuples(pointer)).map { row in
            SQLRow(types.enumerated().map { value(row, Int32($0), $1) })
        }
    }

    private func value(_ row: Int32, _ column: Int32, _ type: Oid) -> SQLValue {
        guard PQgetisnull(pointer, row, column) == 0, let bytes = PQgetvalue(pointer, row, column) else { return .null }
        let text = String(cString: bytes)
        if type == Self.boolean { return .integer(text == "t" ? 1 : 0) }
        if Self.numbers.contains(type), let integer = Self.integer(text) { return .integer(integer) }
        return .text(text)
    }

    /// A numeric may be written with decimals and yet be whole: 5.00.
    private static func integer(_ text: String) -> Int64? {
        guard let point = text.firstIndex(of: ".") else { return Int64(text) }
        return text[point...].dropFirst().allSatisfy { $0 == "0" } ? Int64(text[..<point]) : nil
    }

    /// PostgreSQL's five-character code of an error; nil if libpq itself had it.
    var sqlState: String? { field("C") }

    /// The error's first line. The details that may follow it repeat values.
    var primaryMessage: String? { field("M") }

    private func field(_ code: Unicode.Scalar) -> String? {
        PQresultErrorField(pointer, Int32(code.value)).map { String(cString: $0) }
    }
}
