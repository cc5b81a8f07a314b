/// Where finished text goes: standard error in the program, memory in tests.
///
/// One call carries everything that must stay together, and its newlines. An implementation hands the text over whole,
/// in the order of the calls, and swallows its errors: losing a log line must not disturb a run.
package protocol LineSink: Sendable {
    /// How many columns the terminal behind this sink has now; nil when it is no terminal.
    ///
    /// Asked before each drawing, as a window may be resized at any time.
    var terminalWidth: Int? { get }

    /// Writes the text as it is, adding nothing. Never fails; may lose text when nobody can take it.
    ///
    /// May block for as long as nobody does; never called by those who log.
    func write(_ text: String)
}
