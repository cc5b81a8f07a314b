/// A value as it goes into a statement or comes out of a row.
package enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case text(String)
}

/// One row of a result, by column position.
package struct SQLRow: Sendable {
    private let values: [SQLValue]

    package init(_ values: [SQLValue]) { self.values = values }

    /// The values by their columns' names.
    package func named(_ columns: [String]) -> [String: SQLValue] {
        Dictionary(zip(columns, values), uniquingKeysWith: { first, _ in first })
    }

    package func optionalInteger(_ column: Int) throws(SQLError) -> Int64? {
        guard column < values.count else { throw unexpected(column, "an integer") }
        switch values[column] {
        case .integer(let value): return value
        case .null: return nil
        case .text: throw unexpected(column, "an integer")
        }
    }

    package func integer(_ column: Int) throws(SQLError) -> Int64 {
        guard let value = try optionalInteger(column) else { throw unexpected(column, "an integer") }
        return value
    }

    package func text(_ column: Int) throws(SQLError) -> String {
        guard column < values.count, case .text(let value) = values[column] else {
            throw unexpected(column, "text")
        }
        return value
    }

    /// The integer in a column; nil if something else is there.
    package func integerIfAny(_ column: Int) -> Int64? {
        if column < values.count, case .integer(let value) = values[column] { value } else { nil }
    }

    /// The text in a column; nil if something else is there.
    package func textIfAny(_ column: Int) -> String? {
        if column < values.count, case .text(let value) = values[column] { value } else { nil }
    }

    /// What is in a column, in a word.
    package func kind(_ column: Int) -> String {
        guard column < values.count else { return "missing" }
        return switch values[column] {
        case .null: "NULL"
        case .integer: "a number"
        case .text: "a text"
        }
    }

    private func unexpected(_ column: Int, _ wanted: String) -> SQLError {
        .failed("the database holds something other than \(wanted) in column \(column + 1) of a result")
    }
}
