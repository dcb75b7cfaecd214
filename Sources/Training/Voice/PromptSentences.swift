import Text

/// Sentences to read into a microphone, written for this and free for any use. Those of a language hold all of its
/// phonemes, the rare ones early.
package enum PromptSentences {
    /// The sentences for a language of espeak-ng; empty where there are none: the reader then chooses what to say.
    package static func sentences(language: String) -> [String] {
        let stem = language.lowercased().prefix { $0 != "-" && $0 != "_" }
        return table[String(stem)] ?? []
    }

    /// The symbols a language uses, as far as its sentences and its numerals tell, in the order of the symbol table; all
    /// letters of a voice of graphemes. Punctuation and spaces are left out.
    package static func symbols(of frontEnd: TextFrontEnd) -> [String] {
        let marks = Set(Clauses.marks.map(String.init) + [" ", "<pad>"])
        let all = frontEnd.symbolTable.symbols.filter { !marks.contains($0) }
        guard frontEnd.language != TextFrontEnd.graphemes else { return all }
        let numerals = (0...20).map(String.init) + ["30", "100", "1000"]
        var used: Set<String> = []
        for text in sentences(language: frontEnd.language) + [numerals.joined(separator: ", ")] {
            // A language that cannot say a numeral has its other symbols all the same.
            used.formUnion((try? frontEnd.encode(text).symbols) ?? [])
        }
        return all.filter(used.contains)
    }

    private static let table: [String: [String]] = [
        "en": [
            "The boy measured the thin blue rope with unusual pleasure.",
            "Joyce found a huge toad beneath the church by the bay.",
            "Which of those three young birds sang in the oak this morning?",
            "My father would choose a good book and a warm chair every evening.",
            "Their vision of the future was vague, but the idea was pure gold.",
            "Put the sugar, the yoghurt and the cherries on the kitchen table.",
            "A loud noise from the garage woke the nervous dog at four o'clock.",
            "Few people know how the northern lights appear above the lake.",
            "She heard the judge laugh as the jury walked out of the room.",
            "Pack six dozen eggs in a large box and send it by fast train.",
            "Are you sure the azure vase is worth ninety-eight pounds?",
            "The hungry fox watched a quick rabbit jump over the frozen brook.",
            "We usually have tea with milk, though coffee is fine as well.",
            "Thank you for the lovely evening; the singing was a real joy.",
            "He earns enough to buy a new coat and five pairs of shoes.",
            "Could the weather be any better for a walk along the beach?",
            "An old sailor told us a strange story about a golden whale.",
            "Five wide rivers flow through this valley towards the sea.",
            "The teacher asked whether anyone had finished the exercise.",
            "Bring both of the maps; the path gets rough beyond the bridge.",
            "Oh no, the oven is too hot and the bread is nearly black!",
            "On Thursday the museum opens at ten and closes at half past six.",
            "Her voice was calm, yet her hands were shaking with cold.",
            "I thought I saw a pair of owls above the barn last night.",
        ],
        "de": [
            "Der kleine Junge trug jeden Morgen frische Brötchen nach Hause.",
            "Möchten Sie lieber Äpfel, süße Kirschen oder eine Gurke?",
            "Auf dem Dachboden fanden wir ein großes, staubiges Buch.",
            "Die Köchin schnitt zwölf Zwiebeln und weinte dabei heftig.",
            "Heute scheint die Sonne, doch gestern gab es noch Schnee und Eis.",
            "Welches Pferd springt am höchsten über den breiten Bach?",
            "Unsere Freunde kauften ein neues Haus am Rande der Stadt.",
            "Ich hörte ein leises Geräusch und öffnete vorsichtig die Tür.",
            "Der Ingenieur reparierte die Garage in weniger als einer Stunde.",
            "Vier junge Füchse spielten quer über die ganze Wiese.",
            "Es ist möglich, dass der Zug aus München fünf Minuten später kommt.",
            "Die Frau pflückte Pfirsiche und Pflaumen für den Kuchen.",
        ],
        "fr": [
            "Le jeune garçon a mangé un bon gâteau au chocolat avec sa sœur.",
            "Quand il pleut, les vignes brillent sous une lumière bleue.",
            "Je voudrais deux kilos de pommes et un peu de fromage, s'il vous plaît.",
            "Huit oiseaux chantaient dans le grand chêne au fond du jardin.",
            "La montagne est belle en automne, mais il y fait déjà froid.",
            "Un parfum de brun et de lavande flottait dans l'atelier du peintre.",
            "Chaque dimanche, nous allons au marché acheter du pain et des œufs.",
            "Elle a trouvé une feuille rouge près de la vieille fontaine.",
            "Le juge lisait lentement la longue lettre que j'avais écrite.",
            "Il faut choisir : rester ici ou partir loin, demain matin.",
            "Mon oncle, pêcheur à Cherbourg, répare lui-même ses filets.",
            "La nuit, on entend le bruit de l'eau et le cri des hiboux.",
        ],
        "es": [
            "El niño pequeño juega con una guitarra vieja bajo la lluvia.",
            "Mañana por la mañana compraremos pan, queso y zumo de naranja.",
            "¿Quién ha dejado las llaves encima de la mesa de la cocina?",
            "El perro corrió rápido hacia el río y saltó sobre la roca.",
            "Mi abuela cosechaba uvas y hacía un dulce muy famoso en el pueblo.",
            "La ciudad despierta despacio cuando el sol ilumina las calles.",
            "Había cinco muchachos que cantaban alrededor del fuego.",
            "El médico me dijo que bebiera agua y caminara cada día.",
            "¡Qué bonito es el valle cuando florecen los cerezos!",
            "Un ratón gris robó el queso y huyó por un agujero.",
            "El viejo reloj de la iglesia marca las ocho y cuarto.",
            "Yo quiero viajar a Japón con mi hermano y mi hija.",
        ],
        "it": [
            "Il ragazzo gioca con un aquilone rosso vicino alla scogliera.",
            "Ogni giovedì mia zia prepara gli gnocchi con il burro e la salvia.",
            "Quanto costano le ciliegie e un chilo di zucchine fresche?",
            "La pioggia bagnava lentamente i tetti della vecchia città.",
            "Un giudice anziano leggeva il giornale sulla panchina.",
            "Che bella voce ha quell'uccellino sul ramo del pesco!",
            "Domani prenderemo il treno delle otto per andare a Bologna.",
            "Sciare è difficile, ma scendere dalla montagna è una gioia.",
            "Mio figlio ha perso le chiavi e il portafoglio nel bosco.",
            "Il viaggio fu lungo, però lo spettacolo valeva la fatica.",
        ],
    ]
}
