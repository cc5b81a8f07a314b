import Foundation

/// Makes a program's manual page from how it describes its own options.
///
/// Usage: `PROGRAM --experimental-dump-help | program-manual VERSION DATE SECTIONS`, where SECTIONS is a file with
/// further sections in the macros of man(7). The page goes to standard output.
@main
enum Main {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count == 3 else {
            FileHandle.standardError.write(
                Data("usage: PROGRAM --experimental-dump-help | program-manual VERSION DATE SECTIONS\n".utf8)
            )
            exit(64)
        }
        let (version, date, sections) = (arguments[0], arguments[1], arguments[2])
        let input = FileHandle.standardInput.readDataToEndOfFile()
        let manual = Manual(
            command: try JSONDecoder().decode(CommandDescription.Tool.self, from: input).command,
            version: version,
            date: date,
            furtherSections: try String(contentsOfFile: sections, encoding: .utf8)
        )
        FileHandle.standardOutput.write(Data(manual.text.utf8))
    }
}
