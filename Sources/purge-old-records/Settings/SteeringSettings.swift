import Foundation
import Purging
import Steering

/// The checked form of ``SteeringOptions``.
struct SteeringSettings {
    let pauses: Pauses
    /// Nil without brakes.
    let brakes: BrakeWatch?
    /// For the log.
    let text: String

    /// - Returns: nil if nothing is asked for.
    init?(_ options: SteeringOptions, _ brakes: BrakeSettings) throws(UsageError) {
        if options.pauseFile == nil, options.window.isEmpty, brakes.brakes.isEmpty { return nil }
        if let file = options.pauseFile {
            let folder = URL(filePath: file).deletingLastPathComponent().path
            var isDirectory: ObjCBool = false
            guard !file.isEmpty, FileManager.default.fileExists(atPath: folder, isDirectory: &isDirectory),
                isDirectory.boolValue
            else {
                throw UsageError(
                    problem: "--pause-file names a file in a folder that doesn't exist: \(file)",
                    remedy: "make the folder, so that the file can appear in it"
                )
            }
        }
        var windows: [TimeWindow] = []
        for text in options.window {
            do {
                windows.append(try TimeWindow(text))
            } catch {
                throw UsageError(
                    problem: "--window \(error.problem): \(text.prefix(64))",
                    remedy: "give it as \"22:00-06:00 Europe/Berlin\", or with days as \"Mon-Fri 22:00-06:00 UTC\""
                )
            }
        }
        self.brakes = brakes.brakes.isEmpty ? nil : BrakeWatch(brakes.brakes, time: SystemTime())
        pauses = Pauses(file: options.pauseFile, windows: windows, brakes: self.brakes)
        let texts = options.window + [options.pauseFile, brakes.text.isEmpty ? nil : brakes.text].compactMap { $0 }
        text = texts.joined(separator: "; ")
    }
}
