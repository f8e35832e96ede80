"""Single sign-on by OpenID Connect: who comes from the provider, and as which user."""
