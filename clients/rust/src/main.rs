//! Scores a batch of made-up leads over TLS and HTTP/2:
//!
//!     cargo run --release -- https://127.0.0.1:8443 certs/dev/ca.pem [MODEL]
//!
//! Asks for the model's schema once, puts each field where the schema has its column, sends the batch, and prints the
//! best of the leads. Fields are those of `leadline sample-leads`.
mod http;
mod wire;

use std::{env, error::Error, process, thread, time::Duration, time::SystemTime, time::UNIX_EPOCH};
use wire::{Answer, Column};

const LEADS: u32 = 1000;
const SHOWN: usize = 5;
const ATTEMPTS: u32 = 4;

/// A lead as this program has it.
struct Lead {
    country: Option<&'static str>,
    industry: Option<&'static str>,
    source: Option<&'static str>,
    seniority: Option<&'static str>,
    employees: f64, // NaN: not known
    page_visits: f64,
    pricing_visits: f64,
    email_opens: f64,
    downloads: f64,
    form_fills: f64,
    last_activity_day: f64, // days since 1970
    demo_requested: bool,
}

fn make_up(i: u32, today: f64) -> Lead {
    let n = i as usize;
    Lead {
        country: [Some("Germany"), Some("France"), Some("Poland"), Some("Japan"), None][n % 5],
        industry: Some(["Software", "Retail", "Healthcare", "Energy"][n / 3 % 4]),
        source: Some(["Webinar", "Referral", "Organic Search", "Podcast"][n / 7 % 4]),
        seniority: Some(["Specialist", "Manager", "Director", "VP", "C-level"][n / 2 % 5]),
        employees: if i % 11 == 0 { f64::NAN } else { f64::from(5 + i * 37 % 2000) },
        page_visits: f64::from(i * 13 % 30),
        pricing_visits: f64::from(i * 5 % 7),
        email_opens: f64::from(i * 3 % 12),
        downloads: f64::from(i % 4),
        form_fills: f64::from(i % 3),
        last_activity_day: today - f64::from(i % 60),
        demo_requested: i % 9 == 0,
    }
}

fn column<'a>(name: &str, leads: &'a [Lead]) -> Column<'a> {
    let numbers = |field: fn(&Lead) -> f64| Column::Numbers(leads.iter().map(field).collect());
    let strings = |field: fn(&Lead) -> Option<&'static str>| Column::Strings(leads.iter().map(field).collect());
    match name {
        "country" => strings(|l| l.country),
        "industry" => strings(|l| l.industry),
        "source" => strings(|l| l.source),
        "seniority" => strings(|l| l.seniority),
        "employees" => numbers(|l| l.employees),
        "annual_revenue_keur" => numbers(|l| l.employees * 120.5),
        "page_visits" => numbers(|l| l.page_visits),
        "pricing_visits" => numbers(|l| l.pricing_visits),
        "email_opens" => numbers(|l| l.email_opens),
        "downloads" => numbers(|l| l.downloads),
        "form_fills" => numbers(|l| l.form_fills),
        "last_activity_date" => numbers(|l| l.last_activity_day),
        "demo_requested" => numbers(|l| f64::from(u8::from(l.demo_requested))),
        _ => Column::Absent, // a column that this program does not know
    }
}

/// The fingerprint, and the columns' names in the order of a batch. Use a JSON library for more.
fn read_schema(json: &str) -> Option<(u64, Vec<String>)> {
    let after = |mark: &str| json.find(mark).map(|at| &json[at + mark.len()..]);
    let fingerprint = u64::from_str_radix(after("\"fingerprint\":\"")?.get(..16)?, 16).ok()?;
    let mut rest = after("\"columns\":[")?.chars();
    let (mut depth, mut is_name, mut names) = (1, false, Vec::new());
    loop {
        match rest.next()? {
            '[' | '{' => depth += 1,
            ']' | '}' => {
                depth -= 1;
                if depth == 0 {
                    return Some((fingerprint, names));
                }
            }
            '"' => {
                let mut text = String::new();
                loop {
                    match rest.next()? {
                        '"' => break,
                        '\\' => text.push(rest.next()?), // enough to find the end; sample leads' names have none
                        c => text.push(c),
                    }
                }
                let value = is_name;
                is_name = depth == 2 && !value && text == "name";
                if value {
                    names.push(text);
                }
            }
            _ => {}
        }
    }
}

/// Sends a message until an answer comes that another attempt would not better.
fn score(client: &mut http::Client, url: &str, message: &[u8]) -> Result<wire::Reply, Box<dyn Error>> {
    for attempt in 0.. {
        let mut least = 0;
        let failure: Box<dyn Error> = match client.post(url, message) {
            // No answer came. Scoring has no side effects, so it may be asked for again.
            Err(e) => e.into(),
            // The status does not matter where the body is a message.
            Ok(body) => match wire::decode(&body) {
                Ok(Answer::Reply(reply)) => return Ok(reply),
                Ok(Answer::Error(e)) => {
                    let text = format!("{}: {}", wire::Fault(e.code), e.text);
                    // The deadline is the message's, and would pass again.
                    if !e.retryable || e.code == wire::DEADLINE_EXCEEDED {
                        return Err(text.into());
                    }
                    least = e.retry_after_ms.into();
                    text.into()
                }
                Err(fault) => return Err(format!("{fault}: {}", String::from_utf8_lossy(&body)).into()),
            },
        };
        if attempt + 1 == ATTEMPTS {
            return Err(failure);
        }
        eprintln!("score-leads: {failure}; once more");
        let own = 50u64 << attempt;
        let random = u64::from(SystemTime::now().duration_since(UNIX_EPOCH)?.subsec_nanos()) / 1000 % own;
        thread::sleep(Duration::from_millis(own.max(least) + random));
    }
    unreachable!("the loop ends by returning")
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().collect();
    if arguments.len() < 3 {
        return Err("usage: score-leads https://HOST:PORT ca.pem [MODEL]".into());
    }
    let (server, model) = (&arguments[1], arguments.get(3).map_or("leads", String::as_str));
    let mut client = http::Client::new(&arguments[2])?;
    let json = String::from_utf8(client.get(&format!("{server}/v1/models/{model}/schema"))?)?;
    let (fingerprint, names) = read_schema(&json).ok_or_else(|| format!("no schema: {json}"))?;

    let today = (SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / 86400) as f64;
    let leads: Vec<Lead> = (0..LEADS).map(|i| make_up(i, today)).collect();
    let columns: Vec<Column> = names.iter().map(|name| column(name, &leads)).collect();
    let request = wire::Request {
        id: 1,
        fingerprint,
        rows: LEADS,
        outputs: wire::PROBABILITY | wire::SCORE | wire::TIER | wire::STATUS,
        deadline_microseconds: 2_000_000,
        model,
    };
    let message = wire::encode(&request, &columns)?;
    println!("{LEADS} leads in {} bytes", message.len());

    let reply = score(&mut client, &format!("{server}/v1/score"), &message)?;
    if reply.request_id != request.id || reply.probabilities.len() != leads.len() {
        return Err("the reply is to another request".into());
    }
    println!("scored by {}, version {}", reply.model, reply.version);
    println!("{:>6} {:>6} {:>5} {:>12}  {:<9} source", "lead", "score", "tier", "probability", "country");
    let mut order: Vec<usize> = (0..leads.len()).filter(|&i| reply.statuses[i] == 0).collect();
    order.sort_by(|&a, &b| reply.probabilities[b].total_cmp(&reply.probabilities[a])); // of equals the first
    for &i in order.iter().take(SHOWN) {
        let (country, source) = (leads[i].country.unwrap_or("-"), leads[i].source.unwrap_or("-"));
        let (score, tier, probability) = (reply.scores[i], reply.tiers[i], reply.probabilities[i]);
        println!("{i:>6} {score:>6} {tier:>5} {probability:>12.6}  {country:<9} {source}");
    }
    Ok(())
}

fn main() {
    if let Err(e) = run() {
        eprintln!("score-leads: {e}");
        process::exit(1);
    }
}
