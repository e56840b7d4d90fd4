// Scores a batch of made-up leads with what Java 17 has itself, over TLS and HTTP/2. One file, no dependency:
//
//   java ScoreLeads.java https://127.0.0.1:8443 certs/dev/ca.pem [MODEL]
//
// Asks for the model's schema once, puts each field where the schema has its column, sends the batch, and prints the
// best of the leads. Fields are those of `leadline sample-leads`. Message and Reply are what to copy: they write
// absent, float32, float64 and dictionaries, and read every reply and error. Other encodings are smaller
// (proto-docs/WIRE.md).

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public class ScoreLeads {
    static final int MARGIN = 1, PROBABILITY = 2, SCORE = 4, TIER = 8, STATUS = 16, TIMINGS = 32;
    static final int LEADS = 1000, SHOWN = 5, ATTEMPTS = 4;

    // ---- the wire: requests ----

    /** A score request, column by column in the order of the schema. */
    static final class Message {
        private final int rows;
        private final List<ByteBuffer> blocks = new ArrayList<>();
        private final List<Integer> encodings = new ArrayList<>();

        Message(int rows) {
            this.rows = rows;
        }

        /** Every row is missing. */
        void addAbsent() {
            add(0x00, 0, buffer(0));
        }

        /** NaN is missing. float32 where that keeps every value, else float64. */
        void addNumbers(double[] values) {
            boolean single = true;
            for (double value : values) single &= Double.isNaN(value) || (double) (float) value == value;
            ByteBuffer block = buffer(rows * (single ? 4 : 8));
            for (double value : values) {
                if (single) block.putFloat((float) value);
                else block.putDouble(value);
            }
            add(single ? 0x21 : 0x22, 0, block);
        }

        /** A dictionary of the strings that occur; null is missing. */
        void addStrings(String[] values) {
            Map<String, Integer> codes = new LinkedHashMap<>();
            BitSet valid = new BitSet(rows);
            for (int row = 0; row < rows; row++) {
                if (values[row] == null) continue;
                valid.set(row);
                codes.putIfAbsent(values[row], codes.size());
            }
            if (codes.isEmpty()) {
                addAbsent();
                return;
            }
            if (codes.size() > 65535) throw new IllegalArgumentException("more than 65,535 strings");
            List<byte[]> strings = codes.keySet().stream().map(s -> s.getBytes(StandardCharsets.UTF_8)).toList();
            int text = strings.stream().mapToInt(s -> s.length).sum();
            boolean missing = valid.cardinality() < rows, wide = codes.size() > 256;
            int dictionary = padded(8 + 2 * strings.size() + text), bitmap = missing ? padded((rows + 7) / 8) : 0;
            ByteBuffer block = buffer(dictionary + bitmap + rows * (wide ? 2 : 1));
            block.putInt(strings.size()).putInt(text); // u16 and two reserved bytes: the same as an int
            for (byte[] s : strings) {
                if (s.length > 65535) throw new IllegalArgumentException("a string of more than 65,535 bytes");
                block.putShort((short) s.length);
            }
            for (byte[] s : strings) block.put(s);
            if (missing) {
                block.position(dictionary);
                block.put(valid.toByteArray()); // the lowest bit first, as on the wire
            }
            block.position(dictionary + bitmap);
            for (String value : values) {
                int code = value == null ? 0 : codes.get(value);
                if (wide) block.putShort((short) code);
                else block.put((byte) code);
            }
            add(wide ? 0x31 : 0x30, missing ? 1 : 0, block);
        }

        private void add(int encoding, int flags, ByteBuffer block) {
            encodings.add(encoding | flags << 8);
            blocks.add(block.clear());
        }

        /** The message; a deadline of 0 is none, and the server's clock says what day it is. */
        byte[] bytes(long requestID, long fingerprint, int outputs, int deadlineMicroseconds, String model) {
            byte[] name = model.getBytes(StandardCharsets.UTF_8);
            int length = 64 + 8 * blocks.size() + padded(name.length);
            for (ByteBuffer block : blocks) length = Math.addExact(length, padded(block.capacity()));
            ByteBuffer b = buffer(length);
            b.put(new byte[] {'L', 'D', 'L', 'N', 1, 0, 1, 0}).putInt(length).putInt(0).putLong(requestID);
            b.position(32);
            b.putLong(fingerprint).putDouble(Double.NaN).putInt(rows).putInt(outputs).putInt(deadlineMicroseconds);
            b.putShort((short) blocks.size()).put((byte) name.length).put((byte) 0);
            for (int i = 0; i < blocks.size(); i++) b.putInt(encodings.get(i)).putInt(blocks.get(i).capacity());
            b.put(name);
            b.position(padded(b.position()));
            for (ByteBuffer block : blocks) {
                b.put(block);
                b.position(padded(b.position()));
            }
            b.putInt(28, crc(b.array(), 28));
            return b.array();
        }
    }

    static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static int padded(int bytes) {
        return Math.addExact(bytes, 7) & ~7;
    }

    static int crc(byte[] bytes, int count) {
        CRC32C sum = new CRC32C();
        sum.update(bytes, 0, count);
        return (int) sum.getValue();
    }

    // ---- the wire: answers ----

    /** What the server refused, by the code of an error message. */
    @SuppressWarnings("serial")
    static final class Refused extends Exception {
        final int code;
        final boolean retryable;
        final long retryAfterMilliseconds;

        Refused(int code, boolean retryable, long retryAfterMilliseconds, String text) {
            super("error " + code + ": " + text);
            this.code = code;
            this.retryable = retryable;
            this.retryAfterMilliseconds = retryAfterMilliseconds;
        }
    }

    /** A score reply. Columns that were not asked for are null; a row that was not scored has NaN and 255. */
    static final class Reply {
        long requestID, fingerprint, epoch;
        int rows, outputs;
        String model, version;
        double[] margins;
        float[] probabilities;
        int[] scores, tiers, statuses;
        long[] timingsMicroseconds;
    }

    static IOException broken(String what) {
        return new IOException("not an answer of the wire: " + what);
    }

    /** Reads the first message of a body: a reply, or an error, which is thrown. */
    static Reply read(byte[] body) throws IOException, Refused {
        ByteBuffer b = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
        if (body.length < 64 || b.getInt(0) != 0x4e4c444c) throw broken("magic");
        if (body[4] != 1 || body[5] != 0) throw broken("version");
        if (b.getInt(28) != crc(body, 28)) throw broken("header checksum");
        int type = body[6], length = b.getInt(8), flags = b.getShort(12), sum = b.getInt(24);
        if (type != 2 && type != 3) throw broken("type");
        if ((flags & ~(type == 2 ? 1 : 0)) != 0) throw broken("flags");
        if (body[7] != 0 || b.getShort(14) != 0 || (flags == 0 && sum != 0)) throw broken("reserved bytes");
        if (length < 64 || length % 8 != 0 || length > body.length) throw broken("length");
        b.limit(length);
        if (flags == 1) {
            CRC32C own = new CRC32C();
            own.update(body, 32, length - 32);
            if ((int) own.getValue() != sum) throw broken("body checksum");
        }
        if (type == 3) {
            int text = Short.toUnsignedInt(b.getShort(60));
            if (padded(64 + text) != length) throw broken("text's length");
            throw new Refused(Short.toUnsignedInt(b.getShort(32)), body[34] == 1, Integer.toUnsignedLong(b.getInt(36)),
                    text(b, 64, text));
        }
        Reply r = new Reply();
        r.requestID = b.getLong(16);
        r.fingerprint = b.getLong(32);
        r.epoch = b.getLong(40);
        r.rows = b.getInt(48);
        r.outputs = b.getInt(52);
        if (r.rows <= 0 || r.rows > 65536) throw broken("rows");
        if (r.outputs <= 0 || r.outputs > 63) throw broken("outputs");
        int name = Byte.toUnsignedInt(body[56]), version = Byte.toUnsignedInt(body[57]);
        long expected = 64 + padded(name + version);
        int[] widths = {8, 4, 1, 1, 1};
        for (int i = 0; i < 5; i++) if ((r.outputs >> i & 1) != 0) expected += padded(r.rows * widths[i]);
        if ((r.outputs & TIMINGS) != 0) expected += 32;
        if (expected != length) throw broken("length"); // so that what follows stays inside
        r.model = text(b, 64, name);
        r.version = text(b, 64 + name, version);
        b.position(64);
        zeros(b, 64 + name + version);
        if ((r.outputs & MARGIN) != 0) {
            r.margins = new double[r.rows];
            for (int i = 0; i < r.rows; i++) r.margins[i] = b.getDouble();
        }
        if ((r.outputs & PROBABILITY) != 0) {
            r.probabilities = new float[r.rows];
            for (int i = 0; i < r.rows; i++) r.probabilities[i] = b.getFloat();
            zeros(b, b.position());
        }
        if ((r.outputs & SCORE) != 0) r.scores = bytes(b, r.rows);
        if ((r.outputs & TIER) != 0) r.tiers = bytes(b, r.rows);
        if ((r.outputs & STATUS) != 0) {
            r.statuses = bytes(b, r.rows);
            for (int status : r.statuses) if (status > 2) throw broken("row status");
        }
        if ((r.outputs & TIMINGS) != 0) {
            r.timingsMicroseconds = new long[5];
            for (int i = 0; i < 5; i++) r.timingsMicroseconds[i] = Integer.toUnsignedLong(b.getInt());
        }
        return r;
    }

    /** Goes to the next multiple of 8 behind a place; what lies between must be 0. */
    static void zeros(ByteBuffer b, int from) throws IOException {
        for (int i = from; i < padded(from); i++) if (b.get(i) != 0) throw broken("padding");
        b.position(padded(from));
    }

    static int[] bytes(ByteBuffer b, int rows) throws IOException {
        int[] values = new int[rows];
        for (int i = 0; i < rows; i++) values[i] = Byte.toUnsignedInt(b.get());
        zeros(b, b.position());
        return values;
    }

    static String text(ByteBuffer b, int from, int count) throws CharacterCodingException {
        return StandardCharsets.UTF_8.newDecoder().decode(b.slice(from, count)).toString();
    }

    // ---- the schema: as much of JSON as a program without a library needs ----

    static final class Json {
        private final String text;
        private int at;

        Json(String text) {
            this.text = text;
        }

        Object value() throws IOException {
            char c = next();
            if (c == '{') {
                Map<String, Object> members = new LinkedHashMap<>();
                if (peek() == '}') return end(members);
                do {
                    if (next() != '"') throw new IOException("no JSON");
                    String name = string();
                    if (next() != ':') throw new IOException("no JSON");
                    members.put(name, value());
                } while (peek() == ',' && next() == ',');
                return end(members);
            }
            if (c == '[') {
                List<Object> elements = new ArrayList<>();
                if (peek() == ']') return end(elements);
                do elements.add(value());
                while (peek() == ',' && next() == ',');
                return end(elements);
            }
            if (c == '"') return string();
            int from = at - 1;
            while (at < text.length() && ",]} \n".indexOf(text.charAt(at)) < 0) at++;
            String word = text.substring(from, at);
            return word.equals("null") ? null : word.equals("true") || word.equals("false")
                    ? (Object) word.equals("true") : (Object) Double.valueOf(word);
        }

        private char peek() throws IOException {
            while (at < text.length() && text.charAt(at) <= ' ') at++;
            if (at == text.length()) throw new IOException("no JSON");
            return text.charAt(at);
        }

        private char next() throws IOException {
            char c = peek();
            at++;
            return c;
        }

        private <T> T end(T whole) throws IOException {
            char c = next();
            if (c != '}' && c != ']') throw new IOException("no JSON");
            return whole;
        }

        private String string() throws IOException {
            StringBuilder s = new StringBuilder();
            for (; at < text.length(); at++) {
                char c = text.charAt(at);
                if (c == '"') {
                    at++;
                    return s.toString();
                }
                if (c != '\\') {
                    s.append(c);
                } else {
                    char e = text.charAt(++at);
                    if (e == 'u') {
                        s.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                        at += 4;
                    } else {
                        int known = "bfnrt".indexOf(e);
                        s.append(known < 0 ? e : "\b\f\n\r\t".charAt(known));
                    }
                }
            }
            throw new IOException("no JSON");
        }
    }

    // ---- leads as this program has them ----

    record Lead(String country, String industry, String source, String seniority, double employees, double revenue,
            double pageVisits, double pricingVisits, double emailOpens, double downloads, double formFills,
            double lastActivityDay, double demoRequested) {
        static Lead madeUp(int i, double today) {
            String[] countries = {"Germany", "France", "Poland", "Japan", null};
            String[] industries = {"Software", "Retail", "Healthcare", "Energy"};
            String[] sources = {"Webinar", "Referral", "Organic Search", "Podcast"};
            String[] seniorities = {"Specialist", "Manager", "Director", "VP", "C-level"};
            double employees = i % 11 == 0 ? Double.NaN : 5 + i * 37 % 2000;
            return new Lead(countries[i % 5], industries[i / 3 % 4], sources[i / 7 % 4], seniorities[i / 2 % 5],
                    employees, employees * 120.5, i * 13 % 30, i * 5 % 7, i * 3 % 12, i % 4, i % 3, today - i % 60,
                    i % 9 == 0 ? 1 : 0);
        }
    }

    static final Map<String, Function<Lead, String>> TEXTS = Map.of("country", Lead::country, "industry",
            Lead::industry, "source", Lead::source, "seniority", Lead::seniority);
    static final Map<String, ToDoubleFunction<Lead>> NUMBERS = Map.of("employees", Lead::employees,
            "annual_revenue_keur", Lead::revenue, "page_visits", Lead::pageVisits, "pricing_visits",
            Lead::pricingVisits, "email_opens", Lead::emailOpens, "downloads", Lead::downloads, "form_fills",
            Lead::formFills, "last_activity_date", Lead::lastActivityDay, "demo_requested", Lead::demoRequested);

    // ---- the exchange ----

    /** One client for the whole program: it keeps its HTTP/2 connections. */
    static HttpClient client(Path authority) throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (InputStream file = Files.newInputStream(authority)) {
            trusted.setCertificateEntry("leadline", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, managers.getTrustManagers(), null);
        return HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).sslContext(tls)
                .connectTimeout(Duration.ofSeconds(5)).build();
    }

    static Reply score(HttpClient client, String server, byte[] message) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(server + "/v1/score")).timeout(Duration.ofSeconds(10))
                .header("content-type", "application/vnd.leadline.v1")
                .POST(HttpRequest.BodyPublishers.ofByteArray(message)).build();
        for (int attempt = 0;; attempt++) {
            long least = 0;
            try {
                HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
                String type = response.headers().firstValue("content-type").orElse("");
                if (type.equals("application/vnd.leadline.v1")) return read(response.body());
                throw new Refused(response.statusCode(), false, 0, new String(response.body(), StandardCharsets.UTF_8));
            } catch (Refused e) {
                // 40, deadline-exceeded: the deadline is the message's, and would pass again.
                if (!e.retryable || e.code == 40 || attempt + 1 == ATTEMPTS) throw e;
                least = e.retryAfterMilliseconds;
            } catch (IOException e) { // no answer came; scoring has no side effects
                if (attempt + 1 == ATTEMPTS) throw e;
            }
            long own = 50L << attempt;
            Thread.sleep(Math.max(own, least) + ThreadLocalRandom.current().nextLong(own));
        }
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length < 2) {
            System.err.println("usage: java ScoreLeads.java https://HOST:PORT ca.pem [MODEL]");
            System.exit(2);
        }
        String server = arguments[0], model = arguments.length > 2 ? arguments[2] : "leads";
        HttpClient client = client(Path.of(arguments[1]));
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(URI.create(server + "/v1/models/" + model + "/schema")).build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) throw new IOException(answer.body());
        if (answer.version() != HttpClient.Version.HTTP_2) throw new IOException("not HTTP/2");
        Map<?, ?> schema = (Map<?, ?>) new Json(answer.body()).value();
        long fingerprint = Long.parseUnsignedLong((String) schema.get("fingerprint"), 16);

        double today = Math.floorDiv(System.currentTimeMillis(), 86_400_000L);
        Lead[] leads = IntStream.range(0, LEADS).mapToObj(i -> Lead.madeUp(i, today)).toArray(Lead[]::new);
        Message batch = new Message(LEADS);
        for (Object column : (List<?>) schema.get("columns")) {
            String name = (String) ((Map<?, ?>) column).get("name");
            if (TEXTS.containsKey(name)) {
                batch.addStrings(IntStream.range(0, LEADS).mapToObj(i -> TEXTS.get(name).apply(leads[i]))
                        .toArray(String[]::new));
            } else if (NUMBERS.containsKey(name)) {
                batch.addNumbers(IntStream.range(0, LEADS).mapToDouble(i -> NUMBERS.get(name).applyAsDouble(leads[i]))
                        .toArray());
            } else {
                batch.addAbsent();
            }
        }
        byte[] message = batch.bytes(1, fingerprint, PROBABILITY | SCORE | TIER | STATUS, 2_000_000, model);
        System.out.printf("%d leads in %d bytes%n", LEADS, message.length);

        Reply reply = score(client, server, message);
        if (reply.requestID != 1 || reply.rows != LEADS) throw new IOException("the reply is to another request");
        System.out.printf("scored by %s, version %s%n", reply.model, reply.version);
        System.out.printf("%6s %6s %5s %12s  %-9s %s%n", "lead", "score", "tier", "probability", "country", "source");
        IntStream.range(0, LEADS).filter(i -> reply.statuses[i] == 0).boxed()
                .sorted(Comparator.comparing((Integer i) -> -reply.probabilities[i])).limit(SHOWN)
                .forEach(i -> System.out.printf(Locale.ROOT, "%6d %6d %5d %12.6f  %-9s %s%n", i, reply.scores[i],
                        reply.tiers[i], reply.probabilities[i], leads[i].country() == null ? "-" : leads[i].country(),
                        leads[i].source()));
    }
}
