/// The themes that are there even when no file is found: the text of themes/*.toml, held equal by a test.
package enum BuiltInThemes {
    package static let files: [(name: String, text: String)] = [
        ("dark", dark), ("light", light), ("mono", mono), ("okabe-ito", okabeIto),
    ]

    static let dark = """
        # Dark, for eyes that confuse red and green as well: after Okabe and Ito.
        name = "dark"

        # 24-bit, or the nearest of 256.
        [colors]
        background = "#14171c"
        text = "#d7dce2"
        dim = "#7d8794"
        accent = "#7cc4f0"
        good = "#5fc9a8"
        warning = "#f0b24a"
        bad = "#f2785c"
        series1 = "#56b4e9"
        series2 = "#e69f00"
        series3 = "#2bc49a"
        series4 = "#dd8fbb"
        series5 = "#e8dc5a"
        series6 = "#e8743b"
        selection = "#2f3c4c"

        # Of sixteen; a name that is missing is the terminal's own colour.
        [ansi]
        dim = "bright black"
        accent = "bright cyan"
        good = "green"
        warning = "yellow"
        bad = "bright red"
        series1 = "bright blue"
        series2 = "yellow"
        series3 = "cyan"
        series4 = "magenta"
        series5 = "bright yellow"
        series6 = "red"
        selection = "blue"

        # Without colours.
        [mono]
        dim = "dim"
        accent = "bold"
        warning = "bold"
        bad = "bold"
        selection = "reverse"

        """

    static let light = """
        # Light, for eyes that confuse red and green as well: after Okabe and Ito, darkened for a light ground.
        name = "light"

        # 24-bit, or the nearest of 256.
        [colors]
        background = "#fbfaf6"
        text = "#24292f"
        dim = "#78808a"
        accent = "#0b62a6"
        good = "#00765a"
        warning = "#9a5b00"
        bad = "#c03a12"
        series1 = "#0072b2"
        series2 = "#c27a00"
        series3 = "#00876a"
        series4 = "#b04a86"
        series5 = "#85780a"
        series6 = "#c8500f"
        selection = "#d6e4f2"

        # Of sixteen; a name that is missing is the terminal's own colour.
        [ansi]
        background = "bright white"
        text = "black"
        dim = "bright black"
        accent = "blue"
        good = "green"
        warning = "yellow"
        bad = "red"
        series1 = "blue"
        series2 = "yellow"
        series3 = "cyan"
        series4 = "magenta"
        series5 = "green"
        series6 = "red"
        selection = "white"

        # Without colours.
        [mono]
        dim = "dim"
        accent = "bold"
        warning = "bold"
        bad = "bold"
        selection = "reverse"

        """

    static let okabeIto = """
        # The palette of Okabe and Ito (2008) as it is, on black: told apart with every kind of colour vision.
        name = "okabe-ito"

        # 24-bit, or the nearest of 256.
        [colors]
        background = "#0c0c0c"
        text = "#f2f2f2"
        dim = "#8f8f8f"
        accent = "#56b4e9"
        good = "#009e73"
        warning = "#e69f00"
        bad = "#d55e00"
        series1 = "#56b4e9"
        series2 = "#e69f00"
        series3 = "#009e73"
        series4 = "#cc79a7"
        series5 = "#f0e442"
        series6 = "#d55e00"
        selection = "#003b5c"

        # Of sixteen; a name that is missing is the terminal's own colour.
        [ansi]
        dim = "bright black"
        accent = "bright blue"
        good = "cyan"
        warning = "yellow"
        bad = "bright red"
        series1 = "bright blue"
        series2 = "yellow"
        series3 = "cyan"
        series4 = "magenta"
        series5 = "bright yellow"
        series6 = "red"
        selection = "blue"

        # Without colours.
        [mono]
        dim = "dim"
        accent = "bold"
        warning = "bold"
        bad = "bold"
        selection = "reverse"

        """

    static let mono = """
        # No colours at all: the terminal's own text and ground.
        name = "mono"

        [mono]
        dim = "dim"
        accent = "bold"
        good = "bold"
        warning = "bold"
        bad = "bold"
        series2 = "bold"
        series3 = "dim"
        selection = "reverse"

        """
}
