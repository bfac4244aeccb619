package millrace.bench;

/** Where an event comes from; every field may be missing. */
record EventContext(
    String device, String platform, String appVersion, String locale, String country, String timezone, String referrer, String userAgent) {

  void check() throws Refused {
    Rules.optionalText("device", device);
    Rules.optionalText("platform", platform);
    Rules.optionalText("app_version", appVersion);
    Rules.optionalText("locale", locale);
    Rules.optionalText("country", country);
    Rules.optionalText("timezone", timezone);
    Rules.optionalText("referrer", referrer);
    Rules.optionalText("user_agent", userAgent);
  }
}
