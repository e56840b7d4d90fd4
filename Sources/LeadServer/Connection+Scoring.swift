internal import ByteKit
internal import HTTP2Transport
internal import LeadWire
internal import Reactor
internal import SnapshotExchange
internal import Telemetry

/// What a connection does with the requests on its streams.
extension Connection {
    private static let retryAfterMilliseconds: UInt32 = 100

    /// A request's head has come: answers it, or makes a stream that scores.
    func begin(_ id: Int32, _ head: HTTP2RequestHead, now: UInt64) {
        switch Route.choose(method: head.method, target: head.path, contentType: head.contentType) {
        case .messages: streams[id] = ScoreStream(id: id, isJSON: false, now: now)
        case .json:
            if let length = head.contentLength, length > worker.limits.jsonBytesMax {
                answer(id, jsonTooLarge())
            } else {
                streams[id] = ScoreStream(id: id, isJSON: true, now: now)
            }
        case .page(let path, let isHead):
            let page = worker.models.withCurrent { InfoPages.respond(to: path, $0, worker.state) }
            answer(id, page, isHead: isHead)
        case .refused(let response): answer(id, response)
        }
    }

    /// Takes a piece of a request's body.
    func take(_ bytes: RawSpan, of stream: ScoreStream, now: UInt64) {
        stream.uncredited += bytes.byteCount
        if stream.isRefused {
            // What is dropped is credited at once.
        } else if stream.isJSON {
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
        release(stream.assembler.discard().count + stream.body.take().count, of: stream)
        http.discardBody(stream.id)
        stream.uncredited = 0
    }

    private func enqueue(_ job: ScoreJob, on stream: ScoreStream) {
        job.connection = token
        job.stream = stream.id
        job.reservedBytes = (job.json?.count ?? job.message.count) + ScoreJob.overheadBytes
        hold(ScoreJob.overheadBytes, for: stream)
        stream.waiting.append(job)
        scoreNext(of: stream)
    }

    /// The stream that waits for a job; nil when it is gone.
    func stream(of job: ScoreJob) -> ScoreStream? { streams[job.stream] }

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

        release(job.reservedBytes, of: stream)
        worker.jobs.recycle(job)
        countAnswers()
        stream.gotOn(end)
        stream.isScoring = false
        scoreNext(of: stream)
        credit(stream)
        finishIfAnswered(stream)
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
        head.fields = [HTTP2Field("cache-control", "no-store")]
        if let allow = response.allow { head.fields.append(HTTP2Field("allow", allow)) }
        http.discardBody(id)
        let isThere = http.submitResponse(id, head, body: isHead ? [] : response.body)
        if isThere, streams[id] == nil { streams[id] = ScoreStream(answered: id, now: worker.loop.now) }
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
        hold(bytes, for: stream)
    }

    private func hold(_ bytes: Int, for stream: ScoreStream) {
        count(bytes)
        stream.reserved += bytes
    }

    /// Adds to what the connection and the worker keep in memory.
    func count(_ bytes: Int) {
        bytesInFlight += bytes
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
        stream.waiting.removeAll()
    }
}
