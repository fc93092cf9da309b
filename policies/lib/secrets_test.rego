package ballotbox.lib.secrets_test

import data.ballotbox.lib.secrets

test_names_of_secrets if {
	every name in ["REDIS_PASSWORD", "cookieKey", "COOKIE_KEY", "api-key", "accessToken", "client_secret", "passwd"] {
		secrets.named(name)
	}
}

test_names_of_other_things if {
	every name in ["REDIS_HOST", "POSTGRES_PASSWORD_FILE", "secret-name", "token_ttl", "password_encryption", "keyboard", "MONKEY"] {
		not secrets.named(name)
	}
}

test_literals if {
	every value in ["hunter2", 7, "${PASSWORD:-hunter2}", "x$(NAME)"] {
		secrets.literal(value)
	}
}

test_references if {
	every value in ["", null, "$(PASSWORD)", "${PASSWORD}", "${PASSWORD:?say one}", "$PASSWORD"] {
		not secrets.literal(value)
	}
}

test_revealing_values if {
	every value in [
		"-----BEGIN RSA PRIVATE KEY-----", "postgres://owner:hunter2@db/x", "AKIAABCDEFGHIJKLMNOP",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x",
	] {
		secrets.revealing(value)
	}
}

test_plain_values if {
	every value in ["Cats", "http://vote:80/", "redis://redis:6379/0", "postgres://$USER:$PASSWORD@db/", "-----BEGIN CERTIFICATE-----"] {
		not secrets.revealing(value)
	}
}

test_settings if {
	every text in ["a = 1\npassword = hunter2\n", "token: abc", "requirepass hunter2", "user vote on >hunter2 ~votes"] {
		secrets.setting(text)
	}
}

test_other_settings if {
	every text in ["password_encryption = scram-sha-256", "aclfile /etc/redis/acl/users.acl", "user vote on #5e88 ~votes", "password = $PASSWORD", "token:\n"] {
		not secrets.setting(text)
	}
}
