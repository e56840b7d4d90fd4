//! As much of libcurl as this program needs: one handle, which keeps its connection, over TLS and HTTP/2.
use std::{ffi::CStr, ffi::CString, io, os::raw::c_char, os::raw::c_int, os::raw::c_long, os::raw::c_void, ptr, slice};

extern "C" {
    fn curl_global_init(flags: c_long) -> c_int;
    fn curl_easy_init() -> *mut c_void;
    fn curl_easy_setopt(handle: *mut c_void, option: c_int, ...) -> c_int;
    fn curl_easy_perform(handle: *mut c_void) -> c_int;
    fn curl_easy_cleanup(handle: *mut c_void);
    fn curl_easy_strerror(code: c_int) -> *const c_char;
    fn curl_slist_append(list: *mut c_void, text: *const c_char) -> *mut c_void;
    fn curl_slist_free_all(list: *mut c_void);
}

// Numbers of curl.h, which never change.
const POSTFIELDS: c_int = 10015;
const HTTPGET: c_int = 80;
const URL: c_int = 10002;
const WRITEFUNCTION: c_int = 20011;
const WRITEDATA: c_int = 10001;
const HTTPHEADER: c_int = 10023;
const CAINFO: c_int = 10065;
const HTTP_VERSION: c_int = 84;
const HTTP_VERSION_2TLS: c_long = 4;
const TIMEOUT_MS: c_int = 155;
const POSTFIELDSIZE_LARGE: c_int = 30120;
const GLOBAL_DEFAULT: c_long = 3;

/// A connection to a server, and one exchange at a time on it.
pub struct Client {
    handle: *mut c_void,
    headers: *mut c_void,
}

extern "C" fn receive(from: *const u8, size: usize, count: usize, to: *mut Vec<u8>) -> usize {
    // Safety: libcurl hands in `size * count` bytes, and the Vec that `exchange` lent it.
    unsafe { (*to).extend_from_slice(slice::from_raw_parts(from, size * count)) };
    size * count
}

fn text(s: &str) -> io::Result<CString> {
    CString::new(s).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a zero in a text"))
}

impl Client {
    pub fn new(authority: &str) -> io::Result<Client> {
        let field = text("content-type: application/vnd.leadline.v1")?;
        let authority = text(authority)?;
        // Safety: libcurl copies every text but the body's.
        unsafe {
            curl_global_init(GLOBAL_DEFAULT);
            let handle = curl_easy_init();
            let headers = curl_slist_append(ptr::null_mut(), field.as_ptr());
            if handle.is_null() || headers.is_null() {
                return Err(io::Error::other("libcurl has no handle"));
            }
            curl_easy_setopt(handle, CAINFO, authority.as_ptr());
            curl_easy_setopt(handle, HTTP_VERSION, HTTP_VERSION_2TLS);
            curl_easy_setopt(handle, TIMEOUT_MS, 10_000 as c_long);
            Ok(Client { handle, headers })
        }
    }

    pub fn get(&mut self, url: &str) -> io::Result<Vec<u8>> {
        self.exchange(url, None)
    }

    pub fn post(&mut self, url: &str, body: &[u8]) -> io::Result<Vec<u8>> {
        self.exchange(url, Some(body))
    }

    fn exchange(&mut self, url: &str, body: Option<&[u8]>) -> io::Result<Vec<u8>> {
        let url = text(url)?;
        let mut answer: Vec<u8> = Vec::new();
        // Safety: `answer` and the body outlive the exchange, and `&mut self` keeps others from the handle.
        let code = unsafe {
            let h = self.handle;
            curl_easy_setopt(h, URL, url.as_ptr());
            curl_easy_setopt(
                h,
                WRITEFUNCTION,
                receive as extern "C" fn(*const u8, usize, usize, *mut Vec<u8>) -> usize,
            );
            curl_easy_setopt(h, WRITEDATA, &mut answer as *mut Vec<u8>);
            if let Some(body) = body {
                curl_easy_setopt(h, POSTFIELDSIZE_LARGE, body.len() as i64);
                curl_easy_setopt(h, POSTFIELDS, body.as_ptr());
                curl_easy_setopt(h, HTTPHEADER, self.headers);
            } else {
                curl_easy_setopt(h, HTTPGET, 1 as c_long);
                curl_easy_setopt(h, HTTPHEADER, ptr::null::<c_void>());
            }
            curl_easy_perform(h)
        };
        if code != 0 {
            // Safety: it returns a constant text with an end mark.
            return Err(io::Error::other(unsafe { CStr::from_ptr(curl_easy_strerror(code)) }.to_string_lossy()));
        }
        Ok(answer)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Safety: both are this client's own.
        unsafe {
            curl_easy_cleanup(self.handle);
            curl_slist_free_all(self.headers);
        }
    }
}
