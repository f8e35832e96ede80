"""The web SDK: its sources in TypeScript, what is built of them (`dist/`), and the lines that load it."""

VERSION = "0.1.0"
