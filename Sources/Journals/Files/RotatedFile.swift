import Foundation

/// The file that a log was last rotated to.
enum RotatedFile {
    /// FILE.1, or else what was changed last of the files that logrotate names otherwise: FILE-20261127, FILE.20261127.
    /// Compressed ones can't be read.
    static func last(of path: String) -> String? {
        if FileManager.default.fileExists(atPath: path + ".1") { return path + ".1" }
        let folder = URL(filePath: path).deletingLastPathComponent().path
        let name = URL(filePath: path).lastPathComponent
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let rotated = names.filter { other in
            guard other.hasPrefix(name), let separator = other.dropFirst(name.count).first else { return false }
            let rest = other.dropFirst(name.count + 1)
            return "-.".contains(separator) && !rest.isEmpty && rest.allSatisfy { $0.isNumber || "-_.T".contains($0) }
        }
        func changed(_ name: String) -> Int64 {
            var status = stat()
            return stat("\(folder)/\(name)", &status) == 0 ? Int64(status.st_mtim.tv_sec) : 0
        }
        return rotated.max { (changed($0), $0) < (changed($1), $1) }.map { "\(folder)/\($0)" }
    }
}
