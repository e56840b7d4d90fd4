internal import ByteKit
internal import HTTP2Transport
internal import LeadWire
internal import Logging
internal import Reactor
internal import SnapshotExchange
internal import Telemetry

/// What a connection does with the requests on its streams.
extension Connection {
    private static let retryAfterMilliseconds: UInt32 = 100
    private static let notStored = [HTTP2Field("cache-control", "no-store")]

    /// A request's head has come: answers it, or makes a stream that scores.
    func begin(_ id: Int32, _ head: HTTP2RequestHead, now: UInt64) {
        let route = Route.choose(method: head.method, target: head.path, contentType: head.contentType)
        if let role = route.role, !currentGrant().has(role) {
            deny(id, role, route, now: now)
            return
        }
        switch route {
        case .messages:
            let stream = worker.makeStream(id, isJSON: false, now: now)
            stream.traceparent = traceparent(head)
            streams[id] = stream
        case .json:
            if let length = head.contentLength, length > worker.limits.jsonBytesMax {
                answer(id, jsonTooLarge())
            } else {
                let stream = worker.makeStream(id, isJSON: true, now: now)
                stream.traceparent = traceparent(head)
                streams[id] = stream
            }
        case .page(let path, let isHead):
            // What load balancers ask without end, of everyone.
            if path == InfoPages.healthPath { return answer(id, InfoPages.health(worker.state), isHead: isHead) }
            let rule = currentGrant().rule
            let page = worker.models.withCurrent { InfoPages.respond(to: path, $0, worker.state, for: rule) }
            answer(id, page, isHead: isHead)
        case .refused(let response): answer(id, response)
        }
    }

    /// The trace that a request belongs to (W3C Trace Context), if it is told in the form of version 00.
    private func traceparent(_ head: HTTP2RequestHead) -> String? {
        guard !head.fields.isEmpty, let text = head["traceparent"], text.utf8.count == 55 else { return nil }
        let isForm = text.utf8.enumerated().allSatisfy { index, byte in
            [2, 35, 52].contains(index) ? byte == UInt8(ascii: "-") : isLowerHexadecimal(byte)
        }
        return isForm && text.hasPrefix("00-") ? text : nil
    }

    private func isLowerHexadecimal(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f")
    }

    /// Says that the client has not the role that its request needs, in the form that it asked in.
    private func deny(_ id: Int32, _ role: AccessRole, _ route: Route, now: UInt64) {
        worker.telemetry.counts.add(.deniedRole)
        let text = "\(identity ?? AccessPolicy.anonymous) may not \(role.rawValue) here"
        guard route == .messages else {
            answer(id, .forbidden(text))
            return
        }
        let stream = worker.makeStream(id, isJSON: false, now: now)
        streams[id] = stream
        refuse(stream, WireError(.forbidden, text))
    }

    /// Takes a piece of a request's body.
    func take(_ bytes: RawSpan, of stream: ScoreStream, now: UInt64) {
        stream.uncredited += bytes.byteCount
        if stream.isRefused {
            // What is dropped is credited at once.
        } else if stream.isJSON {
            if stream.messageBegan == nil { stream.messageBegan = now }
            takeJSON(bytes, of: stream)
        } else {
            takeMessages(bytes, of: stream, now: now)
        }
        credit(stream)
    }

    private func takeMessages(_ bytes: RawSpan, of stream: ScoreStream, now: UInt64) {
        var offset = 0
        while offset < bytes.byteCount, !stream.isRefused {
            let isNew = stream.assembler.header == nil
            if stream.messageBegan == nil { stream.messageBegan = now }
            do throws(WireError) {
                let start = offset
                try stream.assembler.put(bytes, from: &offset, limits: worker.limits.wire)
                if isNew, stream.assembler.header != nil { stream.arrival = now }
                // What has come counts, not what a header promises: promises cost nothing.
                try reserve(offset - start, for: stream)
            } catch {
                refuse(stream, error)
                return
            }
            guard stream.assembler.isComplete else { continue }
            let job = worker.jobs.makeJob()
            job.message = stream.assembler.take(replacement: job.message)
            job.arrival = stream.arrival
            stream.messageBegan = nil
            stream.gotOn(now)
            enqueue(job, on: stream)
        }
    }

    private func takeJSON(_ bytes: RawSpan, of stream: ScoreStream) {
        guard stream.body.count + bytes.byteCount <= worker.limits.jsonBytesMax else {
            refuseJSON(stream, jsonTooLarge())
            return
        }
        do throws(WireError) {
            try reserve(bytes.byteCount, for: stream)
            stream.body.put(contentsOf: bytes)
        } catch {
            refuseJSON(stream, JSONFailure(error).response)
        }
    }

    /// The client has sent all of a request.
    func endRequest(of stream: ScoreStream) {
        stream.hasRequestEnded = true
        stream.messageBegan = nil
        guard !stream.isRefused else { return }
        if stream.isJSON {
            let job = worker.jobs.makeJob()
            job.json = stream.body.take()
            job.arrival = MonotonicClock.now()
            enqueue(job, on: stream)
        } else if let error = stream.assembler.truncation {
            refuse(stream, error)
        } else if !stream.hasResponseBegun, stream.isAnswered {
            refuse(stream, WireError(.truncated, "the body holds no message", byteOffset: 0))
        } else {
            finishIfAnswered(stream)
        }
    }

    /// Says on the stream that its bytes cannot be read on; what came before is answered first.
    private func refuse(_ stream: ScoreStream, _ error: WireError) {
        let job = worker.jobs.makeJob()
        job.fail(error, requestID: stream.assembler.header?.requestID ?? 0)
        stop(stream)
        enqueue(job, on: stream)
    }

    private func refuseJSON(_ stream: ScoreStream, _ response: PlainResponse) {
        worker.telemetry.errors.add(.json)
        stop(stream)
        stream.hasResponseBegun = true
        stream.hasResponseEnded = true
        answer(stream.id, response)
    }

    /// Takes no more of a stream's request.
    private func stop(_ stream: ScoreStream) {
        stream.isRefused = true
        stream.messageBegan = nil
        release(stream.assembler.discard().count + stream.body.take().count, of: stream)
        http.discardBody(stream.id)
        stream.uncredited = 0
    }

    private func enqueue(_ job: ScoreJob, on stream: ScoreStream) {
        job.connection = token
        job.stream = stream.id
        job.reservedBytes = job.byteCount + ScoreJob.overheadBytes
        hold(ScoreJob.overheadBytes, for: stream)
        if job.failure == nil,
            let wait = worker.jobs.enter(job, atMost: Double(worker.limits.queueTimeMax.nanoseconds))
        {
            worker.telemetry.counts.add(.queueRefusals)
            job.fail(
                WireError(
                    .overloaded,
                    "too much work is waiting",
                    retryAfterMilliseconds: UInt32(clamping: Int(wait / 1e6) + 1)
                ),
                requestID: job.peekRequestID()
            )
        }
        stream.waiting.append(job)
        scoreNext(of: stream)
    }

    /// The stream that waits for a job; nil when it is gone.
    func stream(of job: ScoreJob) -> ScoreStream? { streams[job.stream] }

    /// Lets a job that has begun go on, or says why its client may not have it scored, or not now.
    func admit(_ job: ScoreJob) throws(WireError) {
        let grant = currentGrant()
        guard grant.rule.allows(model: job.modelName) else {
            worker.telemetry.counts.add(.deniedModel)
            throw WireError(
                .forbidden,
                "\(identity ?? AccessPolicy.anonymous) may not use the model '\(job.modelName)'"
            )
        }
        if let wait = grant.take(rows: job.rows, now: worker.loop.now) {
            worker.telemetry.counts.add(.deniedRows)
            throw WireError(
                .quotaExceeded,
                "the quota of leads a second is used up",
                retryAfterMilliseconds: UInt32(clamping: wait / 1_000_000 + 1)
            )
        }
    }

    /// Counts what a job has begun to take; what it had counted as before stays.
    /// - Throws: `overloaded` when there is no room for it now.
    func reserveWork(of job: ScoreJob, _ stream: ScoreStream) throws(WireError) {
        let bytes = job.workingBytes
        // A client with nothing else under way gets its largest message scored, whatever its connection may hold.
        if bytesInFlight > job.reservedBytes {
            try reserve(bytes, for: stream)
        } else {
            try reserve(bytes, for: stream, connectionBytesMax: .max)
        }
        job.reservedBytes += bytes
    }

    /// A job is done: its answer goes out, and the next message of the stream has its turn.
    /// - Parameters:
    ///   - job: done, or failed with `failure`; it is used again after.
    ///   - stream: the one it belongs to.
    ///   - failure: why there are no scores.
    ///   - answer: working memory.
    func finish(_ job: ScoreJob, _ stream: ScoreStream, failure: ScoreFailure?, answer: inout ByteWriter) {
        let start = MonotonicClock.now()
        answer.removeAll()
        job.count(in: worker.telemetry, failure)
        if failure == nil { worker.jobs.learn(from: job) }
        switch failure {
        case nil: job.writeAnswer(into: &answer)
        case .wire(let error)?:
            error.encode(into: &answer, requestID: job.requestID, limits: worker.limits.wire)
            // Where the header lies about the length, nobody knows where the next message begins.
            if let offset = error.byteOffset, offset < UInt32(WireFormat.headerBytes), !stream.isRefused {
                stop(stream)
            }
        case .json(let error)?: answer.put(contentsOf: error.response.body.rawBytes)
        }
        if !stream.hasResponseBegun {
            stream.hasResponseBegun = true
            let status = failure?.httpStatus ?? 200
            worker.telemetry.count(status: status)
            let contentType = stream.isJSON ? "application/json" : WireFormat.contentType
            http.beginResponse(stream.id, HTTP2ResponseHead(status: status, contentType: contentType))
        }
        http.appendBody(stream.id, answer.bytes.rawBytes)
        let end = MonotonicClock.now()
        worker.telemetry.stages.record(.encode, nanoseconds: end - start)
        if failure == nil { worker.telemetry.stages.record(.total, nanoseconds: end - job.arrival) }

        if worker.requestLog.wants(nanoseconds: end - min(end, job.arrival), hasFailed: failure != nil) {
            note(job, stream, failure, end)
        }
        release(job.reservedBytes, of: stream)
        worker.jobs.recycle(job)
        countAnswers()
        stream.gotOn(end)
        stream.isScoring = false
        scoreNext(of: stream)
        credit(stream)
        finishIfAnswered(stream)
    }

    /// Writes a line about a request into the log.
    private func note(_ job: ScoreJob, _ stream: ScoreStream, _ failure: ScoreFailure?, _ end: UInt64) {
        var metadata: Logger.Metadata = [
            "client": "\(identity ?? AccessPolicy.anonymous)", "request": "\(job.requestID)",
            "model": "\(job.modelName)", "rows": "\(job.rows)", "bytes": "\(job.byteCount)",
            "us": "\((end - min(end, job.arrival)) / 1_000)", "us-worked": "\(job.workedNanoseconds / 1_000)",
            "status": "\(failure?.httpStatus ?? 200)",
        ]
        if let failure { metadata["error"] = "\(failure.codeName)" }
        if let trace = stream.traceparent { metadata["traceparent"] = "\(trace)" }
        worker.requestLog.write(metadata, now: end)
    }

    private func finishIfAnswered(_ stream: ScoreStream) {
        guard stream.isAnswered, !stream.hasResponseEnded, stream.hasResponseBegun else { return }
        stream.hasResponseEnded = true
        http.finishBody(stream.id)
    }

    /// Answers a request with a whole body.
    private func answer(_ id: Int32, _ response: PlainResponse, isHead: Bool = false) {
        worker.telemetry.count(status: response.status)
        var head = HTTP2ResponseHead(status: response.status, contentType: response.contentType)
        head.contentLength = response.body.count
        head.fields = Self.notStored
        if let allow = response.allow { head.fields.append(HTTP2Field("allow", allow)) }
        http.discardBody(id)
        let isThere = http.submitResponse(id, head, body: isHead ? [] : response.body)
        guard isThere, streams[id] == nil else { return }
        let stream = worker.makeStream(id, isJSON: true, now: worker.loop.now)
        stream.answerIsOnItsWay()
        streams[id] = stream
    }

    private func jsonTooLarge() -> PlainResponse {
        .error(
            status: 413,
            code: WireErrorCode.messageTooLarge.name,
            "a JSON body has at most \(worker.limits.jsonBytesMax) bytes; send fewer leads, or binary messages"
        )
    }

    // MARK: Memory

    /// Counts bytes, unless the connection has its share.
    ///
    /// A share is at most as much as the worker has left: one client may take half of what there is, two a third each.
    /// However many take all they can, something is left for one that asks for little.
    private func reserve(
        _ bytes: Int,
        for stream: ScoreStream,
        connectionBytesMax: Int? = nil
    ) throws(WireError) {
        let left = worker.limits.bytesInFlightPerWorkerMax - worker.bytesInFlight - bytes
        guard bytesInFlight + bytes <= min(left, connectionBytesMax ?? worker.limits.bytesInFlightPerConnectionMax)
        else {
            throw WireError(
                .overloaded,
                "too many bytes of requests and answers are in memory",
                retryAfterMilliseconds: Self.retryAfterMilliseconds
            )
        }
        if let grant, !grant.hasRoom(for: bytes) {
            worker.telemetry.counts.add(.deniedBytes)
            throw WireError(
                .quotaExceeded,
                "the quota of bytes under way is used up",
                retryAfterMilliseconds: Self.retryAfterMilliseconds
            )
        }
        hold(bytes, for: stream)
    }

    private func hold(_ bytes: Int, for stream: ScoreStream) {
        count(bytes)
        stream.reserved += bytes
    }

    /// Adds to what the connection and the worker keep in memory.
    func count(_ bytes: Int) {
        bytesInFlight += bytes
        countInGrant(bytes)
        worker.bytesInFlight += bytes
        worker.telemetry.counts.add(.bytesInFlight, bytes)
    }

    /// Counts answers that the client has not taken yet as in memory: they may be far larger than their requests.
    func countAnswers() {
        let bytes = http.unsentBodyBytes
        guard bytes != answerBytes else { return }
        count(bytes - answerBytes)
        answerBytes = bytes
    }

    private func release(_ bytes: Int, of stream: ScoreStream) {
        let bytes = min(bytes, stream.reserved)
        count(-bytes)
        stream.reserved -= bytes
    }

    /// A stream is gone, and so is what waited on it.
    ///
    /// A job that is being scored finds that out by itself.
    func forget(_ stream: ScoreStream) {
        release(stream.reserved, of: stream)
        for job in stream.waiting { worker.jobs.recycle(job) }
        worker.recycle(stream)
    }
}
