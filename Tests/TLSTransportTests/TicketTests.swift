import ByteKit
import TLSTransport
import Testing

@Suite("Session tickets")
struct TicketTests {
    private let folder: CertificateFolder

    init() throws { folder = try CertificateFolder() }

    /// Connects, and gives the ticket that the server gave.
    private func connect(
        _ client: TLSContext,
        _ server: TLSContext,
        resuming ticket: TLSTicket? = nil
    ) throws -> (isResumed: Bool, identity: String?, ticket: TLSTicket) {
        var pair = try TLSPair(client, server, resuming: ticket)
        pair.exchange()
        let error = pair.serverError ?? pair.clientError
        #expect(error == nil)
        let (isResumed, name) = (pair.server.isResumed, pair.server.peerIdentity?.name)
        let latest = pair.client.ticket
        return (isResumed, name, try #require(latest))
    }

    private func server(_ tickets: TicketKeys, clients: ClientCertificatePolicy = .off) throws -> TLSContext {
        try folder.server(clients: clients, tickets: tickets)
    }

    @Test func `a ticket is good for every context that shares its keys`() throws {
        let tickets = try TicketKeys()
        let client = try folder.client()
        let first = try connect(client, server(tickets))
        #expect(!first.isResumed)
        let second = try connect(client, server(tickets), resuming: first.ticket)
        #expect(second.isResumed, "after the certificates were read again")
        let other = try connect(client, server(TicketKeys()), resuming: second.ticket)
        #expect(!other.isResumed, "other keys, a full handshake")
    }

    @Test func `an old key's ticket is taken and renewed, until the key is forgotten`() throws {
        let tickets = try TicketKeys()
        let client = try folder.client()
        let context = try server(tickets)
        let first = try connect(client, context)
        try tickets.rotate()
        try tickets.rotate()
        let renewed = try connect(client, context, resuming: first.ticket)
        #expect(renewed.isResumed)
        try tickets.rotate()
        #expect(try !connect(client, context, resuming: first.ticket).isResumed, "the third key since")
        #expect(try connect(client, context, resuming: renewed.ticket).isResumed)
    }

    @Test func `a resumed client is the same client`() throws {
        let tickets = try TicketKeys()
        let client = try folder.client(withCertificate: true)
        let context = try server(tickets, clients: .required)
        let first = try connect(client, context)
        let second = try connect(client, context, resuming: first.ticket)
        #expect(second.isResumed)
        #expect(second.identity == "spiffe://leadline.development/client" && first.identity == second.identity)
    }

    @Test func `a ticket from before clients had to show certificates does not spare them that`() throws {
        let tickets = try TicketKeys()
        let client = try folder.client()
        let first = try connect(client, server(tickets))
        var pair = try TLSPair(client, server(tickets, clients: .required), resuming: first.ticket)
        pair.exchange()
        let (state, error) = (pair.server.state, pair.serverError)
        #expect(state != .open && error?.kind == .peerCertificate)
    }

    @Test func `a common name is never taken for another kind of name`() {
        var identity = PeerIdentity.none
        identity.commonName = "spiffe://leadline.development/client"
        #expect(identity.name == "CN=spiffe://leadline.development/client")
        identity.dnsNames = ["scorer.leads.example"]
        #expect(identity.name == "scorer.leads.example")
        identity.uris = ["spiffe://leads.example/a", "spiffe://leads.example/b"]
        #expect(identity.name == "spiffe://leads.example/a")
    }

    @Test func `requests for new keys are counted`() throws {
        var pair = try TLSPair(folder.client(), folder.server())
        pair.exchange()
        for count in 1...3 {
            pair.client.updateKeys()
            try pair.client.seal([1].rawBytes)
            pair.exchange()
            let late = pair.server.lateHandshakeMessages
            #expect(late == count)
        }
    }
}
