import CMariaDB
import TokenserverStore

/// A prepared statement, used on its connection's queue and freed before the connection is; not to be used again after an
/// error.
final class MySQLStatement {
    private let statement: UnsafeMutablePointer<MYSQL_STMT>

    init(_ text: String, _ connection: UnsafeMutablePointer<MYSQL>) throws {
        guard let statement = mysql_stmt_init(connection) else { throw StatementFailure(connection) }
        // From here on deinit closes it, also where this throws.
        self.statement = statement
        guard mysql_stmt_prepare(statement, text, UInt(text.utf8.count)) == 0 else {
            throw StatementFailure(statement: statement)
        }
        // Tells how much room the values of a result need.
        var updates: my_bool = 1
        mysql_stmt_attr_set(statement, STMT_ATTR_UPDATE_MAX_LENGTH, &updates)
    }

    deinit { mysql_stmt_close(statement) }

    func execute(_ values: [SQLValue]) throws -> MySQLResult {
        let parameters = Buffers(values)
        return try parameters.withBindings { bindings in
            guard mysql_stmt_bind_param(statement, bindings) == 0, mysql_stmt_execute(statement) == 0 else {
                throw StatementFailure(statement: statement)
            }
            guard let metadata = mysql_stmt_result_metadata(statement) else {
                return MySQLResult(changedRows: Int(clamping: mysql_stmt_affected_rows(statement)))
            }
            defer { mysql_free_result(metadata) }
            guard mysql_stmt_store_result(statement) == 0 else { throw StatementFailure(statement: statement) }
            let rows = try rows(metadata)
            mysql_stmt_free_result(statement)
            return MySQLResult(rows: rows)
        }
    }

    private func rows(_ metadata: UnsafeMutablePointer<MYSQL_RES>) throws -> [SQLRow] {
        let fields = UnsafeBufferPointer(
            start: mysql_fetch_fields(metadata),
            count: Int(mysql_num_fields(metadata))
        )
        let results = Buffers(fields)
        var rows: [SQLRow] = []
        return try results.withBindings { bindings in
            guard mysql_stmt_bind_result(statement, bindings) == 0 else { throw StatementFailure(statement: statement) }
            while true {
                switch mysql_stmt_fetch(statement) {
                case 0: rows.append(SQLRow(results.values))
                case MYSQL_NO_DATA: return rows
                // Every buffer is as large as the largest value, so this tells of a library that counts otherwise.
                case MYSQL_DATA_TRUNCATED: throw SQLError.failed("a value of a result was too long for its buffer")
                default: throw StatementFailure(statement: statement)
                }
            }
        }
    }
}

/// The memory behind bound values.
private final class Buffers {
    private enum Kind {
        case integer, unsigned, text
        /// Comes as text, as a decimal may be larger than an integer, or not whole.
        case decimal
    }

    private let bytes: [UnsafeMutableRawBufferPointer]
    private let kinds: [Kind]
    private let lengths: UnsafeMutableBufferPointer<UInt>
    private let nulls: UnsafeMutableBufferPointer<my_bool>

    private init(capacities: [Int], kinds: [Kind]) {
        bytes = capacities.map { .allocate(byteCount: max($0, 8), alignment: 8) }
        self.kinds = kinds
        lengths = .allocate(capacity: capacities.count)
        lengths.initialize(repeating: 0)
        nulls = .allocate(capacity: capacities.count)
        nulls.initialize(repeating: 0)
    }

    deinit {
        for buffer in bytes { buffer.deallocate() }
        lengths.deallocate()
        nulls.deallocate()
    }

    /// For values that go to the server.
    convenience init(_ values: [SQLValue]) {
        let texts = values.map { if case .text(let text) = $0 { Array(text.utf8) } else { [UInt8]() } }
        self.init(
            capacities: texts.map(\.count),
            kinds: values.map { if case .text = $0 { .text } else { .integer } }
        )
        for (index, value) in values.enumerated() {
            switch value {
            case .null: nulls[index] = 1
            case .integer(let integer): bytes[index].storeBytes(of: integer, as: Int64.self)
            case .text:
                bytes[index].copyBytes(from: texts[index])
                lengths[index] = UInt(texts[index].count)
            }
        }
    }

    /// For a result with these columns.
    convenience init(_ fields: UnsafeBufferPointer<MYSQL_FIELD>) {
        self.init(
            capacities: fields.map { Int($0.max_length) },
            kinds: fields.map { field in
                if field.isDecimal { return .decimal }
                if !field.isInteger { return .text }
                return field.flags & UInt32(UNSIGNED_FLAG) == 0 ? .integer : .unsigned
            }
        )
    }

    func withBindings<Result>(_ body: (UnsafeMutablePointer<MYSQL_BIND>?) throws -> Result) rethrows -> Result {
        var bindings = bytes.indices.map { index in
            var binding = MYSQL_BIND()
            switch kinds[index] {
            case .integer: binding.buffer_type = MYSQL_TYPE_LONGLONG
            case .unsigned:
                binding.buffer_type = MYSQL_TYPE_LONGLONG
                binding.is_unsigned = 1
            case .text, .decimal: binding.buffer_type = MYSQL_TYPE_STRING
            }
            binding.buffer = bytes[index].baseAddress
            binding.buffer_length = UInt(bytes[index].count)
            binding.length = lengths.baseAddress?.advanced(by: index)
            binding.is_null = nulls.baseAddress?.advanced(by: index)
            return binding
        }
        return try bindings.withUnsafeMutableBufferPointer { try body($0.baseAddress) }
    }

    /// What is in the buffers now.
    var values: [SQLValue] {
        bytes.indices.map { index in
            if nulls[index] != 0 { return .null }
            switch kinds[index] {
            case .integer: return .integer(bytes[index].load(as: Int64.self))
            case .unsigned:
                let number = bytes[index].load(as: UInt64.self)
                return Int64(exactly: number).map(SQLValue.integer) ?? .text(String(number))
            case .decimal: return Int64(text(index)).map(SQLValue.integer) ?? .text(text(index))
            case .text: return .text(text(index))
            }
        }
    }

    private func text(_ index: Int) -> String {
        let length = min(Int(lengths[index]), bytes[index].count)
        return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[index][..<length]), as: UTF8.self)
    }
}
