/// What the user is, against what the client brings, and what follows from it.
extension ModelLogin {
    mutating func compare(now: Int64) -> Outcome? {
        if let reason = refusal { return .refused(reason) }
        let keys: Int64? =
            switch (keysChangedAt, user.keysChangedAt) {
            case (let theirs?, _): theirs
            case (nil, .some): 0
            case (nil, nil): nil
            }
        wanted = (newGeneration, keys)
        if clientState != user.clientState {
            phase = .findNode(at: now)
            return nil
        }
        if wanted.generation != user.generation || wanted.keysChangedAt != user.keysChangedAt {
            phase = .putUser
            return nil
        }
        return token
    }

    private var newGeneration: Int64 {
        if let generation { return generation }
        guard let keysChangedAt, keysChangedAt > user.generation else { return user.generation }
        return user.keysChangedAt.map { keysChangedAt > $0 } ?? true ? keysChangedAt : user.generation
    }

    private var refusal: String? {
        /// Whether both are known and this holds.
        func both(_ left: Int64?, _ right: Int64?, _ holds: (Int64, Int64) -> Bool) -> Bool {
            if let left, let right { holds(left, right) } else { false }
        }
        let theirs = user.keysChangedAt
        if both(keysChangedAt, theirs, >), both(generation, keysChangedAt, <) { return "key newer than generation" }
        if user.oldStates.contains(clientState) { return "an old key" }
        if clientState != user.clientState {
            if both(generation, user.generation, <=) { return "a new key without a new generation" }
            if both(keysChangedAt, theirs, <=) { return "a new key without a new keys_changed_at" }
        }
        if both(user.generation, generation, >) { return "an old generation" }
        if both(theirs, keysChangedAt, >) { return "an old keys_changed_at" }
        if keysChangedAt == nil, let theirs, theirs != 0 { return "keys_changed_at is missing" }
        return nil
    }

    func put(_ rows: inout ModelRows) {
        let (generation, keys) = wanted
        rows.updateUsers { [owner] in
            $0.owner == owner && $0.service == ModelRows.service && $0.replacedAt == nil && $0.generation <= generation
                && ($0.keysChangedAt ?? 0) <= (keys ?? $0.keysChangedAt ?? 0)
        } _: {
            $0.generation = generation
            $0.keysChangedAt = keys
        }
    }

    var token: Outcome {
        let key = server.key(
            generation: wanted.generation,
            keysChangedAt: wanted.keysChangedAt,
            clientState: clientState
        )
        return .token(ModelToken(uid: user.uid, url: user.url ?? "", fxaUID: fxaUID, key: key))
    }
}
