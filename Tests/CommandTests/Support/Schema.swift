import Foundation
import TestSupport
import Testing

/// The schemas in docs/schema.
enum Schema {
    /// Checks documents, one a line, with a library that knows nothing of this program.
    static func check(_ lines: [String], _ schema: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "lines-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        let script = """
            import json, sys
            from jsonschema import Draft202012Validator, FormatChecker
            schema = json.load(open(sys.argv[1]))
            Draft202012Validator.check_schema(schema)
            validator = Draft202012Validator(schema, format_checker=FormatChecker())
            lines = open(sys.argv[2]).read().splitlines()
            assert lines
            for line in lines:
                for error in validator.iter_errors(json.loads(line)):
                    print(error.json_path, error.message)
            """
        let checked = try Tool.run(
            Tool.python(),
            ["-c", script, Repository.url("docs/schema/\(schema).schema.json").path, file.path]
        )
        #expect(checked.code == 0 && checked.text.isEmpty, "\(checked.text) \(lines)")
    }
}
