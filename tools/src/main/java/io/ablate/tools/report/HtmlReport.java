package io.ablate.tools.report;

import static io.ablate.tools.report.Markup.escape;

import io.ablate.evaluate.CurvePoint;
import io.ablate.tools.report.ReportContent.Section;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

/**
 * The page of a comparison: one file with its style, drawings and pictures inside, no script and no
 * address outside itself.
 */
final class HtmlReport {
  private final ReportContent content;
  private final StringBuilder html = new StringBuilder(1 << 16);

  private HtmlReport(ReportContent content) {
    this.content = content;
  }

  static String render(ReportContent content) {
    return new HtmlReport(content).page();
  }

  private String page() {
    html.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
        .append(escape("Ablate: " + content.subject()))
        .append("</title>\n<style>\n")
        .append(style())
        .append("</style>\n</head>\n<body>\n<main>\n");
    header();
    targets();
    curves();
    examples();
    sections();
    html.append("<footer>Made by <code>ablate compare</code>. The figures stand in ")
        .append(
            "<code>compare.json</code> and <code>curves.csv</code> beside this page.</footer>\n")
        .append("</main>\n</body>\n</html>\n");
    return html.toString();
  }

  private void header() {
    html.append("<header>\n<p class=\"eyebrow\">Ablate · comparison</p>\n<h1>")
        .append(escape(content.table().headline()))
        .append("</h1>\n<p>")
        .append(escape(content.subject()))
        .append("</p>\n<p>")
        .append(escape(content.circumstances()))
        .append("</p>\n</header>\n");
  }

  private void targets() {
    TargetTable table = content.table();
    html.append("<h2>")
        .append(capital(table.unit()))
        .append(" needed</h2>\n<p>Ablated ")
        .append(table.unit())
        .append(" per example until the mean LDS ")
        .append("first reaches the target")
        .append(
            table.baselines().isEmpty()
                ? ""
                : ", and the change against " + String.join(" and ", table.baselines()))
        .append(
            ". Below: 95 % intervals. A dash: not reached within these passes.</p>\n<div class=\"panel\"><table>\n")
        .append("<thead><tr><th>LDS</th>");
    for (int i = 0; i < table.methods().size(); i++) {
      html.append("<th>")
          .append(swatch(i))
          .append(escape(MethodStyle.title(table.methods().get(i))))
          .append("</th>");
    }
    html.append("</tr></thead>\n<tbody>\n");
    for (String target : table.targets()) {
      html.append(target.equals(table.headlineTarget()) ? "<tr class=\"headline\">" : "<tr>")
          .append("<td>")
          .append(escape(target))
          .append("</td>");
      for (String method : table.methods()) {
        cell(table, method, target);
      }
      html.append("</tr>\n");
    }
    html.append("</tbody>\n</table></div>\n");
  }

  private void cell(TargetTable table, String method, String target) {
    if (table.passes(method, target).isEmpty()) {
      html.append("<td class=\"none\">–</td>");
      return;
    }
    html.append("<td>").append(table.passesText(method, target));
    for (String percent : table.changes(method, target)) {
      String kind = percent.startsWith("−") ? "better" : percent.startsWith("+") ? "worse" : "";
      html.append("<small class=\"").append(kind).append("\">").append(percent).append("</small>");
    }
    html.append("<br><span class=\"ci\">")
        .append(table.intervalText(method, target))
        .append("</span></td>");
  }

  private String swatch(int position) {
    MethodStyle style = MethodStyle.of(content.table().methods().get(position), position);
    return "<svg class=\"swatch\" width=\"12\" height=\"12\" viewBox=\"0 0 12 12\" aria-hidden=\"true\">"
        + style.markerAt(6, 6)
        + "</svg>";
  }

  private void curves() {
    html.append("<h2>LDS against ")
        .append(content.table().unit())
        .append("</h2>\n<p>Rank correlation between predicted and ")
        .append("true outputs on masks that no fit has seen, mean over the examples.</p>\n")
        .append("<div class=\"panel\">\n")
        .append(content.passesChart().svg());
    content.secondsChart().ifPresent(chart -> html.append(chart.svg()));
    html.append("<details><summary>All points</summary>\n<table>\n<thead><tr><th>method</th>")
        .append(
            "<th>masks</th><th>gradient passes</th><th>pass equivalents</th><th>LDS</th><th>95 % interval</th><th>Pearson</th>")
        .append("<th>fit, s</th><th>in all, s</th></tr></thead>\n<tbody>\n");
    for (CurvePoint point : content.result().curves()) {
      html.append(
          String.format(
              Locale.ROOT,
              "<tr><td>%s</td><td>%,d</td><td>%,d</td><td>%s</td><td>%.3f</td><td>%.3f – %.3f</td><td>%.3f</td>"
                  + "<td>%.2f</td><td>%s</td></tr>%n",
              escape(MethodStyle.title(point.method())),
              point.samples(),
              point.gradientPasses(),
              TargetTable.count(point.passEquivalents()),
              point.ldsMean(),
              point.ldsCi()[0],
              point.ldsCi()[1],
              point.pearsonMean(),
              point.fitSeconds(),
              point.seconds() == null ? "–" : String.format(Locale.ROOT, "%.2f", point.seconds())));
    }
    html.append("</tbody>\n</table></details>\n</div>\n");
    if (!content.notes().isEmpty()) {
      html.append("<ul class=\"notes\">\n");
      content.notes().forEach(note -> html.append("<li>").append(escape(note)).append("</li>\n"));
      html.append("</ul>\n");
    }
  }

  private static String capital(String words) {
    return Character.toUpperCase(words.charAt(0)) + words.substring(1);
  }

  private void examples() {
    if (content.cards().isEmpty()) {
      return;
    }
    html.append("<h2>Examples</h2>\n<p>The components that carry each prediction, as fitted by ")
        .append(escape(MethodStyle.title(content.cards().getFirst().method())))
        .append(": how far keeping one raises (right) or lowers (left) the output.</p>\n")
        .append("<div class=\"cards\">\n");
    content.cards().forEach(this::card);
    html.append("</div>\n");
  }

  private void card(ExampleCard card) {
    html.append("<article class=\"card\">\n<div class=\"top\">");
    if (card.picture() != null) {
      html.append("<img src=\"")
          .append(escape(card.picture()))
          .append("\" alt=\"")
          .append(escape(card.title() + ", " + card.label()))
          .append("\">");
    }
    html.append("<div><h3>")
        .append(escape(card.label()))
        .append("</h3>\n<div class=\"facts\">")
        .append(escape(card.title()));
    card.facts().forEach(fact -> html.append("<br>").append(escape(fact)));
    html.append("</div>\n<div class=\"scores\">");
    for (Map.Entry<String, Double> score : card.scores().entrySet()) {
      html.append("<span>")
          .append(escape(MethodStyle.title(score.getKey())))
          .append(" <b>")
          .append(String.format(Locale.ROOT, "%.2f", score.getValue()))
          .append("</b></span>");
    }
    html.append("</div></div></div>\n")
        .append(ContributionBars.svg(card.components()))
        .append("</article>\n");
  }

  private void sections() {
    if (content.sections().isEmpty()) {
      return;
    }
    html.append(
        "<h2>Settings</h2>\n<p>What was run, on what, with which versions.</p>\n<div class=\"panel\">\n");
    for (Section section : content.sections()) {
      html.append("<h4>").append(escape(section.title())).append("</h4>\n<dl>\n");
      section
          .entries()
          .forEach(
              entry ->
                  html.append("<dt>")
                      .append(escape(entry.name()))
                      .append("</dt><dd>")
                      .append(escape(entry.value()))
                      .append("</dd>\n"));
      html.append("</dl>\n");
    }
    html.append("</div>\n");
  }

  private static String style() {
    try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
      if (in == null) {
        throw new IllegalStateException("report.css is missing beside " + HtmlReport.class);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
