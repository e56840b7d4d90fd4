//! The wire, by leadline.h: safe on this side.
use std::{ffi::CStr, fmt, os::raw::c_char, os::raw::c_int, os::raw::c_void, ptr, slice};

#[repr(C)]
#[derive(Clone, Copy)]
struct Text {
    text: *const c_char,
    bytes: usize,
}

impl Text {
    const MISSING: Text = Text { text: ptr::null(), bytes: 0 };

    fn of(s: &str) -> Text {
        Text { text: s.as_ptr().cast(), bytes: s.len() }
    }

    /// Safety: the text points into bytes that are still there, and the decoder found that it is UTF-8.
    unsafe fn to_owned(self) -> String {
        String::from_utf8_lossy(slice::from_raw_parts(self.text.cast::<u8>(), self.bytes)).into_owned()
    }
}

#[repr(C)]
struct RawColumn {
    kind: c_int,
    numbers: *const f64,
    strings: *const Text,
}

#[repr(C)]
struct RawReply {
    request_id: u64,
    epoch: u64,
    rows: u32,
    outputs: u32,
    model: Text,
    version: Text,
}

extern "C" {
    fn wire_scratch_bytes(rows: u32) -> usize;
    fn wire_encode(
        fingerprint: u64,
        request_id: u64,
        rows: u32,
        outputs: u32,
        deadline_us: u32,
        model: Text,
        columns: *const RawColumn,
        count: u16,
        scratch: *mut c_void,
        scratch_bytes: usize,
        to: *mut c_void,
        capacity: usize,
        bytes: *mut usize,
    ) -> c_int;
    fn wire_peek(bytes: *const c_void, count: usize, kind: *mut c_int, needed: *mut usize) -> c_int;
    fn wire_reply_read(
        bytes: *const c_void,
        count: usize,
        to: *mut RawReply,
        probabilities: *mut f32,
        scores: *mut u8,
        tiers: *mut u8,
        statuses: *mut u8,
        room: u32,
    ) -> c_int;
    fn wire_error_read(
        bytes: *const c_void,
        count: usize,
        code: *mut c_int,
        retryable: *mut c_int,
        after_ms: *mut u32,
        text: *mut Text,
    ) -> c_int;
    fn wire_result_name(result: c_int) -> *const c_char;
}

const SPACE: c_int = 257;
pub const DEADLINE_EXCEEDED: i32 = 40;
pub const PROBABILITY: u32 = 2;
pub const SCORE: u32 = 4;
pub const TIER: u32 = 8;
pub const STATUS: u32 = 16;

/// Why bytes could not be written or read: a code of the wire's section 10, or one of leadline.h's own from 256 on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault(pub i32);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        // Safety: it returns a constant text with an end mark for every number.
        f.write_str(&unsafe { CStr::from_ptr(wire_result_name(self.0)) }.to_string_lossy())
    }
}

impl std::error::Error for Fault {}

fn check(result: c_int) -> Result<(), Fault> {
    if result == 0 {
        Ok(())
    } else {
        Err(Fault(result))
    }
}

/// A column of a batch, a value a row.
pub enum Column<'a> {
    Absent,
    /// NaN is missing.
    Numbers(Vec<f64>),
    /// None is missing.
    Strings(Vec<Option<&'a str>>),
}

pub struct Request<'a> {
    pub id: u64,
    pub fingerprint: u64,
    pub rows: u32,
    pub outputs: u32,
    pub deadline_microseconds: u32,
    pub model: &'a str,
}

/// The message, each column in its smallest form. Every column must have as many values as the request has rows.
pub fn encode(request: &Request, columns: &[Column]) -> Result<Vec<u8>, Fault> {
    const ARGUMENT: Fault = Fault(258);
    let rows = request.rows as usize;
    let strings: Vec<Vec<Text>> = columns
        .iter()
        .map(|c| match c {
            Column::Strings(values) => values.iter().map(|v| v.map_or(Text::MISSING, Text::of)).collect(),
            _ => Vec::new(),
        })
        .collect();
    let mut raw = Vec::with_capacity(columns.len());
    for (column, strings) in columns.iter().zip(&strings) {
        let (kind, count, numbers) = match column {
            Column::Absent => (0, rows, ptr::null()),
            Column::Numbers(values) => (1, values.len(), values.as_ptr()),
            Column::Strings(values) => (2, values.len(), ptr::null()),
        };
        if count != rows {
            return Err(ARGUMENT);
        }
        raw.push(RawColumn { kind, numbers, strings: strings.as_ptr() });
    }
    let count = u16::try_from(columns.len()).map_err(|_| ARGUMENT)?;
    // Safety of both calls: a pointer and a length always come from one slice, and all of them outlive the calls.
    let mut scratch = vec![0u8; unsafe { wire_scratch_bytes(request.rows) }];
    let mut write = |to: &mut [u8]| {
        let mut bytes = 0;
        let result = unsafe {
            wire_encode(
                request.fingerprint,
                request.id,
                request.rows,
                request.outputs,
                request.deadline_microseconds,
                Text::of(request.model),
                raw.as_ptr(),
                count,
                scratch.as_mut_ptr().cast(),
                scratch.len(),
                to.as_mut_ptr().cast(),
                to.len(),
                &mut bytes,
            )
        };
        (result, bytes)
    };
    let (result, bytes) = write(&mut []);
    if result != SPACE {
        return Err(Fault(result));
    }
    let mut message = vec![0; bytes];
    check(write(&mut message).0)?;
    Ok(message)
}

pub struct Reply {
    pub request_id: u64,
    pub model: String,
    pub version: String,
    pub probabilities: Vec<f32>,
    pub scores: Vec<u8>,
    pub tiers: Vec<u8>,
    pub statuses: Vec<u8>,
}

pub struct ServerError {
    pub code: i32,
    pub retryable: bool,
    pub retry_after_ms: u32,
    pub text: String,
}

pub enum Answer {
    Reply(Reply),
    Error(ServerError),
}

/// Reads the first message of a body.
pub fn decode(body: &[u8]) -> Result<Answer, Fault> {
    let (bytes, count) = (body.as_ptr().cast(), body.len());
    let (mut kind, mut needed) = (0, 0);
    // Safety: leadline.h reads at most `count` bytes, writes at most `room` values, and its texts point into the body.
    unsafe {
        check(wire_peek(bytes, count, &mut kind, &mut needed))?;
        if kind == 3 {
            let (mut code, mut retryable, mut retry_after_ms, mut text) = (0, 0, 0, Text::MISSING);
            check(wire_error_read(bytes, count, &mut code, &mut retryable, &mut retry_after_ms, &mut text))?;
            let retryable = retryable != 0;
            return Ok(Answer::Error(ServerError { code, retryable, retry_after_ms, text: text.to_owned() }));
        }
        let mut raw =
            RawReply { request_id: 0, epoch: 0, rows: 0, outputs: 0, model: Text::MISSING, version: Text::MISSING };
        let null = ptr::null_mut();
        check(wire_reply_read(bytes, count, &mut raw, ptr::null_mut(), null, null, null, 0))?;
        let rows = raw.rows as usize;
        let mut probabilities = vec![0f32; rows];
        let (mut scores, mut tiers, mut statuses) = (vec![0u8; rows], vec![0u8; rows], vec![0u8; rows]);
        check(wire_reply_read(
            bytes,
            count,
            &mut raw,
            probabilities.as_mut_ptr(),
            scores.as_mut_ptr(),
            tiers.as_mut_ptr(),
            statuses.as_mut_ptr(),
            raw.rows,
        ))?;
        Ok(Answer::Reply(Reply {
            request_id: raw.request_id,
            model: raw.model.to_owned(),
            version: raw.version.to_owned(),
            probabilities,
            scores,
            tiers,
            statuses,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(rows: u32) -> Request<'static> {
        Request { id: 7, fingerprint: 1, rows, outputs: PROBABILITY, deadline_microseconds: 0, model: "leads" }
    }

    #[test]
    fn columns_must_have_as_many_values_as_there_are_rows() {
        assert_eq!(encode(&request(2), &[Column::Numbers(vec![1.0])]), Err(Fault(258)));
        assert_eq!(encode(&request(0), &[]), Err(Fault(14)));
    }

    #[test]
    fn a_request_is_padded_and_no_answer() {
        let columns = [Column::Numbers(vec![1.0, f64::NAN]), Column::Strings(vec![Some("web"), None]), Column::Absent];
        let message = encode(&request(2), &columns).unwrap();
        assert_eq!(&message[..4], b"LDLN");
        assert_eq!(message.len() % 8, 0);
        assert!(matches!(decode(&message), Err(Fault(4))));
        assert!(matches!(decode(&message[..31]), Err(Fault(256))));
    }

    #[test]
    fn what_cannot_be_sent_has_a_name() {
        assert_eq!(Fault(32).to_string(), "schema-mismatch");
    }
}
