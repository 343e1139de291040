"""The certificate: a proven bound on what any plan within the limits could reach, three ways."""
