# What a literal secret looks like.
package ballotbox.lib.secrets

import data.ballotbox.lib.fields

# Names of things whose value is a secret, and endings that make it something else (the file that holds it, its length).
name_pattern := `(?i)(passw(or)?d|passphrase|secret|token|credential|(api|private|access|signing|encryption|cookie|session)[_.-]?key)`

harmless_ending := `(?i)[_.-](file|path|dir|name|names|ttl|length|bytes|days|seconds|url|uri|host|port|enabled|encryption)$`

# Values that give themselves away whatever their name.
value_pattern := concat("|", [
	`-----BEGIN [A-Z ]*PRIVATE KEY-----`,
	`\bAKIA[0-9A-Z]{16}\b`,
	`\bgh[pousr]_[A-Za-z0-9]{36}\b`,
	`\bxox[abprs]-[A-Za-z0-9-]{10,}`,
	`\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.`,
	`[a-z][a-z0-9+.-]*://[^/\s:@$]*:[^/\s:@$]+@`,
])

# A line of a configuration file that sets one, in any of the usual ways: key = value, key: value, directive value.
line_pattern := concat("|", [
	`(?im)^\s*["']?[\w.-]*(passw(or)?d|passphrase|secret|token|(api|private|access|signing|encryption|cookie|session)[_-]?key)["']?\s*[=:]\s*["']?[^\s"'$]`,
	`(?im)^\s*(requirepass|masterauth)\s+\S`,
	`(?im)^\s*user\s+\S.*\s>\S`,
])

named(name) if {
	fields.matches(name_pattern, name)
	not fields.matches(harmless_ending, name)
}

# literal tells whether a value stands there itself: not empty, not a reference such as $(NAME) or ${NAME}.
literal(value) if {
	value != null
	value != ""
	not reference(value)
}

reference(value) if fields.matches(`^\$(\([^()]+\)|\{[^{}:]+(:\?[^{}]*)?\}|[A-Za-z_][A-Za-z0-9_]*)$`, value)

revealing(value) if fields.matches(value_pattern, value)

setting(text) if fields.matches(line_pattern, text)
