internal import ByteKit
internal import Foundation
internal import LeadTable

/// Makes B2B leads as a CRM would export them, with outcomes drawn from a probability that is known.
///
/// A lead is shown as it stood up to 14 days after it came in: who it is (industry, size, country, title), where it came from, and what
/// it had done by then. The probability has interactions and bends that no single column shows: size has a sweet spot that
/// depends on the industry, engagement counts for little when the address is a student's or a throw-away one, a late last visit to the
/// pricing page counts more than many early ones, and a demo request counts for most where the title can buy. Fields are
/// missing more often where it tells something: free addresses seldom give a company size, syndicated lists seldom a title.
/// Campaigns come and go, most with few leads, and one source appears only in the last sixth of the time.
///
/// The same seed gives the same bytes. Memory does not grow with the number of rows.
public struct SampleLeadGenerator: Sendable {
    /// The name of the outcome column.
    public static let labelColumn = "converted"
    /// The name of the column of true probabilities, written on request.
    public static let truthColumn = "true_probability"
    /// The day on which the history begins, 2024-01-01, in days since 1970-01-01.
    public static let firstDay = 19_723
    /// How many days the history covers.
    public static let daySpan = 548

    private let rows: Int
    private let openRows: Int
    private let withTruth: Bool
    private var random: SeededRandom
    private var row = 0

    /// Prepares a history.
    ///
    /// - Parameters:
    ///   - rows: How many leads.
    ///   - seed: Settles every value.
    ///   - openShare: The share of the leads, the latest ones, whose outcome is not known yet and is left empty.
    ///   - withTruth: Whether each lead also shows its true probability of converting.
    public init(rows: Int, seed: UInt64, openShare: Double = 0, withTruth: Bool = false) {
        self.rows = max(0, rows)
        openRows = Int((Double(max(0, rows)) * min(max(openShare, 0), 1)).rounded())
        self.withTruth = withTruth
        random = SeededRandom(seed: seed)
    }

    /// The names of the columns, in order.
    public var columnNames: [String] {
        [
            "lead_id", "created_date", "company", "industry", "country", "employees", "annual_revenue_keur",
            "job_title",
            "seniority", "email_domain", "source", "campaign", "page_visits", "pricing_visits", "email_opens",
            "downloads",
            "form_fills", "last_activity_date", "demo_requested", Self.labelColumn,
        ] + (withTruth ? [Self.truthColumn] : [])
    }

    /// Appends the next lead as a line of separated values.
    ///
    /// - Parameter output: Where the line goes.
    /// - Returns: Whether there was one more lead.
    public mutating func appendLead(to output: inout [UInt8]) -> Bool {
        guard row < rows else { return false }
        // Leads come in ever faster: the day grows as the 0.85th power of the share of rows so far.
        let elapsed = pow((Double(row) + random.uniform()) / Double(rows), 0.85)
        let createdDay = Self.firstDay + min(Self.daySpan - 1, Int(elapsed * Double(Self.daySpan)))
        let isOpen = row >= rows - openRows
        let lead = drawLead(elapsed: elapsed)
        let converted = random.uniform() < lead.probability
        let lastActivity = lead.lastActivityAfterDays.map { isoDate(dayNumber: createdDay + $0) }
        var fields: [String] = ["L-\(1_000_000 + row)", isoDate(dayNumber: createdDay), lead.company, lead.industry]
        fields += [lead.country, Self.text(lead.employees), Self.text(lead.revenue), lead.title, lead.seniority]
        fields += [lead.domain, lead.source, lead.campaign]
        fields += [lead.visits, lead.pricingVisits, lead.opens, lead.downloads, lead.formFills].map { String($0) }
        fields += [lastActivity ?? "", lead.wantsDemo ? "true" : "false", isOpen ? "" : converted ? "1" : "0"]
        if withTruth { fields.append(String((lead.probability * 1e9).rounded() / 1e9)) }
        SeparatedValuesText.appendLine(fields, to: &output)
        row += 1
        return true
    }

    /// One lead before it is written.
    private struct Lead {
        var company = ""
        var industry = ""
        var country = ""
        var employees: Int?
        var revenue: Int?
        var title = ""
        var seniority = ""
        var domain = ""
        var source = ""
        var campaign = ""
        var visits = 0
        var pricingVisits = 0
        var opens = 0
        var downloads = 0
        var formFills = 0
        var lastActivityAfterDays: Int?
        var wantsDemo = false
        var probability = 0.0
    }

    private mutating func drawLead(elapsed: Double) -> Lead {
        typealias Words = SampleLeadVocabulary
        var lead = Lead()
        let industry = drawWord(Words.industries)
        let country = drawWord(Words.countries)
        let domain = drawWord(Words.domainKinds)
        let isLateSource = elapsed > 0.83 && random.uniform() < Words.lateSource.weight / 100
        let source = isLateSource ? Words.lateSource : drawWord(Words.sources)
        // Students come with free addresses far more often than with a company's.
        var seniority = drawWord(Words.seniorities)
        if seniority.name == "Student", domain.name == "company", random.uniform() < 0.7 {
            seniority = drawWord(Words.seniorities)
        }
        let department = drawWord(Words.departments)
        let isStudent = seniority.name == "Student"

        // Company size: log-normal, median 90; revenue about 140,000 euro a head with a wide spread.
        let logSize = 4.5 + 1.6 * normal()
        let employees = max(1, Int(exp(logSize)))
        let revenue = max(20, Int(Double(employees) * 140 * exp(0.6 * normal())))

        // What it did: an inner interest moves all counts, so that they are correlated but none of them is the interest itself.
        let interest =
            normal() + (source.name == "Referral" || source.name == "Partner" ? 0.4 : 0) + (isStudent ? 0.5 : 0)
        lead.visits = poisson(exp(0.9 + 0.55 * interest))
        lead.pricingVisits = poisson(0.45 * exp(0.6 * interest) * (isStudent ? 0.4 : 1))
        lead.opens = poisson(exp(0.6 + 0.4 * interest)) + (random.uniform() < 0.01 ? 40 + random.below(160) : 0)
        lead.downloads = poisson(0.5 * exp(0.5 * interest) * (source.name == "Content Syndication" ? 2.2 : 1))
        lead.formFills = poisson(0.35 * exp(0.3 * interest))
        lead.wantsDemo = random.uniform() < 1 / (1 + exp(3.1 - 0.8 * interest - (isStudent ? -1.5 : 0)))
        let isActive = lead.visits + lead.opens + lead.downloads + lead.formFills + lead.pricingVisits > 0
        let lastActivity = isActive ? min(14, Int(-log(1 - random.uniform()) * exp(1.1 + 0.35 * interest))) : nil
        lead.lastActivityAfterDays = lastActivity

        let canBuy = seniority.effect > 0.3
        let sweetSpot = industry.name == "Software" || industry.name == "Media" ? 4.3 : 5.6
        let sizeDistance = logSize - sweetSpot
        var logOdds = -3.50 + industry.effect + country.effect + seniority.effect + department.effect + source.effect
        logOdds += domain.effect * (isLateSource ? 0.3 : 1)
        logOdds += 0.45 - 0.20 * sizeDistance * sizeDistance
        var engagement = 0.40 * log(1 + Double(lead.visits)) + 0.15 * log(1 + Double(min(lead.opens, 12)))
        engagement += 0.30 * Double(min(lead.formFills, 3)) + 0.10 * Double(min(lead.downloads, 3))
        engagement += (lead.pricingVisits > 0 ? 0.7 : 0) * (lastActivity.map { $0 >= 5 } == true ? 1.5 : 0.7)
        logOdds += engagement * (isStudent || domain.name == "disposable" ? 0.25 : 1)
        logOdds += lead.wantsDemo ? (canBuy ? 1.7 : 0.8) : 0
        logOdds += lastActivity.map { $0 >= 7 ? 0.25 : 0 } ?? -0.4
        // The market cools a little over the whole time.
        logOdds -= 0.25 * elapsed

        // What the CRM knows of it. Who hides the size hides it for a reason.
        let hidesSize = random.uniform() < (domain.name == "company" ? 0.08 : 0.55)
        lead.employees = hidesSize ? nil : employees
        lead.revenue = hidesSize && random.uniform() < 0.8 || random.uniform() < 0.22 ? nil : revenue
        let hidesTitle = random.uniform() < (source.name == "Content Syndication" ? 0.45 : 0.06)
        lead.title = hidesTitle ? "" : isStudent ? "Student" : Self.title(seniority.name, department.name)
        lead.seniority = hidesTitle && random.uniform() < 0.7 ? "" : seniority.name
        logOdds += hidesSize ? -0.25 : 0
        lead.company = isStudent || domain.name != "company" && random.uniform() < 0.5 ? "" : drawCompany()
        lead.industry = random.uniform() < 0.05 ? "" : industry.name
        lead.country = random.uniform() < 0.03 ? "" : country.name
        lead.domain = domain.name
        lead.source = source.name
        let campaign = drawCampaign(elapsed: elapsed, source: source.name)
        lead.campaign = campaign.name
        logOdds += campaign.effect
        lead.probability = 1 / (1 + exp(-logOdds))
        return lead
    }

    private static func text(_ number: Int?) -> String { number.map { String($0) } ?? "" }

    private static func title(_ seniority: String, _ department: String) -> String {
        switch seniority {
        case "C-level": "Chief \(department) Officer"
        case "VP": "VP \(department)"
        case "Director": "Director of \(department)"
        case "Manager": "\(department) Manager"
        default: "\(department) Specialist"
        }
    }

    /// A campaign of the quarter; within a quarter each theme is half as common as the one before it, and so has a long tail.
    private mutating func drawCampaign(elapsed: Double, source: String) -> (name: String, effect: Double) {
        if source == "Referral" || source == "Cold Outbound" || random.uniform() < 0.25 { return ("", 0) }
        let quarter = min(5, Int(elapsed * 6))
        let themes = SampleLeadVocabulary.campaignThemes
        let place = min(themes.count - 1, Int(-log(1 - random.uniform()) / 0.45))
        let theme = (place + quarter * 5) % themes.count
        let effect = [0.0, 0.25, 0.1, -0.2, 0.0, -0.1, 0.3, 0.15, 0.0, -0.3, 0.2, 0.35, -0.15, 0.0][theme]
        return ("\(2024 + quarter / 4)-Q\(quarter % 4 + 1) \(themes[theme])", effect)
    }

    private mutating func drawCompany() -> String {
        typealias Words = SampleLeadVocabulary
        let beginning = Words.nameBeginnings[random.below(Words.nameBeginnings.count)]
        let middle = Words.nameMiddles[random.below(Words.nameMiddles.count)]
        let second =
            random.uniform() < 0.6 ? " " + Words.nameMiddles[random.below(Words.nameMiddles.count)].capitalized : ""
        return beginning + middle + second + Words.nameEnds[random.below(Words.nameEnds.count)]
    }

    private mutating func drawWord(_ words: [SampleLeadVocabulary.Word]) -> SampleLeadVocabulary.Word {
        let total = words.reduce(0) { $0 + $1.weight }
        var left = random.uniform() * total
        for word in words {
            left -= word.weight
            if left < 0 { return word }
        }
        return words[words.count - 1]
    }

    /// A standard normal number (Box and Muller; the second one is not kept).
    private mutating func normal() -> Double {
        sqrt(-2 * log(1 - random.uniform())) * cos(2 * .pi * random.uniform())
    }

    /// A Poisson number of a small mean, by multiplying uniform ones (Knuth).
    private mutating func poisson(_ mean: Double) -> Int {
        let threshold = exp(-min(mean, 60))
        var product = random.uniform()
        var count = 0
        while product > threshold {
            product *= random.uniform()
            count += 1
        }
        return count
    }
}
