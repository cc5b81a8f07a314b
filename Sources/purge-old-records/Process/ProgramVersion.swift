/// The version of the program, as `--version` and the user agent say it.
enum ProgramVersion {
    static let text = "0.1.0"
}
