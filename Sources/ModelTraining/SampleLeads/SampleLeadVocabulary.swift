/// The words sample leads are made of, each with its weight in the market and its effect on conversion (in log odds).
enum SampleLeadVocabulary {
    typealias Word = (name: String, weight: Double, effect: Double)

    static let industries: [Word] = [
        ("Software", 18, 0.45), ("Manufacturing", 14, 0.10), ("Retail", 11, -0.25), ("Financial Services", 9, 0.35),
        ("Healthcare", 8, 0.05), ("Logistics", 6, 0.20), ("Education", 6, -0.55), ("Consulting", 6, 0.0),
        ("Media", 5, -0.15), ("Construction", 4, -0.35), ("Energy", 3, 0.15), ("Public Sector", 3, -0.65),
        ("Hospitality", 3, -0.45), ("Telecommunications", 2, 0.25), ("Insurance", 2, 0.30), ("Agriculture", 1, -0.40),
    ]

    static let countries: [Word] = [
        ("United States", 30, 0.10), ("Germany", 14, 0.20), ("United Kingdom", 11, 0.10), ("France", 8, 0.0),
        ("Netherlands", 5, 0.15), ("India", 6, -0.45), ("Spain", 4, -0.10), ("Italy", 4, -0.10), ("Sweden", 3, 0.20),
        ("Canada", 3, 0.05), ("Poland", 3, -0.05), ("Brazil", 2, -0.35), ("Australia", 2, 0.0), ("Austria", 2, 0.20),
        ("Switzerland", 2, 0.30), ("Belgium", 1.2, 0.05), ("Denmark", 1, 0.15), ("Norway", 0.9, 0.15),
        ("Finland", 0.8, 0.10), ("Portugal", 0.6, -0.10), ("Ireland", 0.6, 0.05), ("Japan", 0.5, -0.20),
        ("Singapore", 0.4, 0.0), ("Mexico", 0.4, -0.30), ("South Africa", 0.3, -0.30), ("Estonia", 0.2, 0.10),
        ("Kenya", 0.15, -0.35), ("Chile", 0.15, -0.25), ("Iceland", 0.05, 0.10), ("Malta", 0.05, 0.0),
    ]

    static let seniorities: [Word] = [
        ("C-level", 7, 0.50), ("VP", 8, 0.55), ("Director", 14, 0.40), ("Manager", 29, 0.05), ("Specialist", 32, -0.45),
        ("Student", 10, -1.60),
    ]

    static let departments: [Word] = [
        ("Marketing", 22, 0.05), ("Sales", 20, 0.20), ("Operations", 15, 0.10), ("IT", 15, 0.0), ("Finance", 9, -0.05),
        ("Human Resources", 6, -0.35), ("Procurement", 5, 0.15), ("Engineering", 5, -0.10), ("Legal", 3, -0.30),
    ]

    static let sources: [Word] = [
        ("Organic Search", 22, 0.05), ("Paid Search", 16, -0.05), ("Website", 13, 0.10), ("Webinar", 11, 0.25),
        ("Content Syndication", 11, -0.75), ("LinkedIn Ads", 8, -0.15), ("Partner", 6, 0.75), ("Referral", 5, 0.95),
        ("Trade Show", 4, 0.10), ("Cold Outbound", 3, -0.60), ("Podcast", 1, 0.0),
    ]

    /// A source that did not exist in the earlier part of the history.
    static let lateSource: Word = ("AI Assistant", 9, 0.40)

    static let domainKinds: [Word] = [("company", 78, 0.30), ("free", 19, -0.85), ("disposable", 3, -2.2)]

    static let campaignThemes = [
        "Data Quality", "Buyer's Guide", "Product Tour", "Cost Calculator", "Benchmark Report", "Migration",
        "Security Week",
        "Customer Stories", "Autumn Roadshow", "Year End", "Partner Days", "ROI Workshop", "Quick Start", "Open House",
    ]

    static let nameBeginnings = [
        "Nord", "Alpen", "Blue", "Quant", "Hanse", "Vela", "Terra", "Omni", "Silver", "Brück", "Élan", "Copper",
        "Meridian",
        "Lumen", "Oak", "Rhein", "Castle", "Sol", "Baltic", "Pioneer", "Arc", "Crest", "Delta", "Falcon", "Grün",
        "Ibis",
    ]

    static let nameMiddles = [
        "wind", "data", "works", "tech", "field", "port", "bridge", "line", "stone", "mark", "log", "med", "soft",
        "food", "pack",
        "steel", "trade", "media", "care", "gen", "point", "werk", "flow", "cast",
    ]

    static let nameEnds = [
        " GmbH", " Ltd", ", Inc.", " SA", " BV", " AG", " & Sons", " Group", " SARL", ", LLC", " AB", " Oy", " SpA",
        " plc",
    ]
}
