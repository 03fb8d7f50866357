import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions.Style;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Checks or rewrites the format of every Java source below a folder: {@code check|apply FOLDER}.
 */
public final class FormatSources {
  private FormatSources() {}

  public static void main(String[] args) throws Exception {
    boolean apply = args[0].equals("apply");
    Formatter formatter = new Formatter();
    List<Path> sources;
    try (var files = Files.walk(Path.of(args[1]))) {
      sources =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> !file.toString().contains("/target/"))
              .sorted()
              .toList();
    }
    int wrong = 0;
    for (Path source : sources) {
      String before = Files.readString(source);
      String imports =
          RemoveUnusedImports.removeUnusedImports(
              ImportOrderer.reorderImports(before, Style.GOOGLE));
      String after = formatter.formatSource(imports);
      if (!after.equals(before)) {
        wrong++;
        if (apply) {
          Files.writeString(source, after);
        } else {
          System.err.println("not formatted: " + source);
        }
      }
    }
    if (!apply && wrong > 0) {
      System.err.println(
          wrong + " file(s) not formatted; mend with: mvn -N process-sources -Dformat.mode=apply");
      System.exit(1);
    }
  }
}
